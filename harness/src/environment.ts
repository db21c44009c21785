// Owns what the process and the agent's commands find in their environment.

import { delimiter, dirname } from "node:path";

import { goDirectly } from "./proxies.ts";

type Environment = Record<string, string | undefined>;

/** Ours alone: a command has no use for them. */
const PRIVATE = ["CLAUDETTE_BUN", "CLAUDETTE_RG", "CLAUDETTE_PI_HARNESS", "PI_PACKAGE_DIR"];
const QUIET = { PI_OFFLINE: "1", PI_TELEMETRY: "0", PI_SKIP_VERSION_CHECK: "1" };

export interface Surroundings {
  /** The mask for files that belong to the user. Our own are private. */
  umask: number;
  rg: string;
  /** What a command gets; `fromPi` tells it of its session. */
  toolEnv(tempDir: string, fromPi: Environment): Environment;
  /** Takes over what a client carries; an empty value takes a variable away. */
  carry(env: Record<string, string>): void;
}

/** Makes the process quiet and private, and remembers how it was for the commands. */
export function settleIn(): Surroundings {
  const given: Environment = { ...process.env };
  const umask = process.umask(0o077);
  const rg = given["CLAUDETTE_RG"] || "rg";
  Object.assign(process.env, QUIET);
  goDirectly(process.env);
  // Pi's own search looks for `rg` on PATH.
  if (rg.includes("/")) {
    process.env["PATH"] = [dirname(rg), given["PATH"] ?? ""].join(delimiter);
  }
  return {
    umask,
    rg,
    toolEnv: (tempDir, fromPi) => toolEnv(given, tempDir, fromPi),
    carry: (env) => {
      overlay(given, env);
      // Requests to models take the same way as the commands, but for this machine.
      const proxies = Object.entries(env).filter(([name]) => /_proxy$/i.test(name));
      overlay(process.env, Object.fromEntries(proxies));
      goDirectly(process.env);
    },
  };
}

function overlay(env: Environment, more: Record<string, string>): void {
  for (const [name, value] of Object.entries(more)) {
    if (value === "") delete env[name];
    else env[name] = value;
  }
}

/** Does something at once with the mask of the user's files instead of our own. */
export function underMask<T>(umask: number, work: () => T): T {
  const ours = process.umask(umask);
  try {
    return work();
  } finally {
    process.umask(ours);
  }
}

function toolEnv(given: Environment, tempDir: string, fromPi: Environment): Environment {
  const told = Object.entries(fromPi).filter(([name]) => /^PI_(SESSION|PROVIDER|MODEL|REASONING)/.test(name));
  const env: Environment = { ...given, ...Object.fromEntries(told), TMPDIR: tempDir };
  for (const name of PRIVATE) delete env[name];
  if (given["CLAUDETTE_BUN_CACHE"] === "off") {
    delete env["BUN_RUNTIME_TRANSPILER_CACHE_PATH"];
    delete env["CLAUDETTE_BUN_CACHE"];
  }
  return env;
}
