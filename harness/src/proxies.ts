// Owns which way a request takes: what runs on this machine is asked directly, anything else as
// the proxy variables say, and an error names the proxy that was in between.

type Environment = Record<string, string | undefined>;

const LOCAL = ["localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0"];

/** Adds this machine to what is asked directly. Bun reads the variable at each request. */
export function goDirectly(env: Environment, more: string[] = []): void {
  const told = (env["NO_PROXY"] || env["no_proxy"] || "").split(",").map((host) => host.trim());
  const all = [...new Set([...told.filter(Boolean), ...LOCAL, ...more])].join(",");
  for (const name of ["NO_PROXY", "no_proxy"]) env[name] = all;
}

export function isLocal(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return LOCAL.includes(name) || name.endsWith(".localhost") || /^127(\.\d+){3}$/.test(name);
}

/** The proxy that stands between us and the address, without what it is logged in to with. */
export function proxyOf(url: URL, env: Environment): string {
  if (isLocal(url.hostname) || isExcepted(url, env)) return "";
  const names = url.protocol === "https:" ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy", "HTTP_PROXY"];
  const told = names.map((name) => env[name]).find(Boolean) ?? "";
  return told.replace(/\/\/[^/@]*@/, "//");
}

function isExcepted(url: URL, env: Environment): boolean {
  const told = (env["no_proxy"] || env["NO_PROXY"] || "").split(",").map((host) => host.trim());
  return told.some((entry) => {
    if (entry === "*") return true;
    const host = entry.replace(/^\*?\./, "").toLowerCase();
    return host !== "" && (url.hostname === host || url.host === host || url.hostname.endsWith(`.${host}`));
  });
}
