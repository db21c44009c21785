// Which way a request takes, and what of that is said.

import { expect, test } from "bun:test";

import { goDirectly, isLocal, proxyOf } from "../src/proxies.ts";

test("this machine has many names", () => {
  for (const host of ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.3.2.1", "[::1]", "0.0.0.0"]) {
    expect(isLocal(host)).toBe(true);
  }
  for (const host of ["localhost.example", "128.0.0.1", "192.168.0.2", "127.0.0.1.example"]) {
    expect(isLocal(host)).toBe(false);
  }
});

test("a proxy is named without its password, and not where it is not used", () => {
  const env = { https_proxy: "http://u:secret@proxy:3128", no_proxy: "corp.example, .inner.example" };
  const proxy = (url: string) => proxyOf(new URL(url), env);
  expect(proxy("https://api.example/v1")).toBe("http://proxy:3128");
  for (const url of ["http://api.example", "https://localhost:1", "https://a.corp.example", "https://b.inner.example"]) {
    expect(proxy(url)).toBe("");
  }
  expect(proxyOf(new URL("https://api.example"), { ...env, NO_PROXY: "*", no_proxy: "*" })).toBe("");
});

test("what a user excepts stays excepted", () => {
  const env: Record<string, string | undefined> = { no_proxy: "a.example, b.example" };
  goDirectly(env, ["127.0.0.9"]);
  expect(env["NO_PROXY"]).toStartWith("a.example,b.example,localhost,127.0.0.1,");
  expect(env["no_proxy"]).toEndWith(",127.0.0.9");
});
