// A Claude sign-in in Pi's auth.json is not Pi's to use, and stays where it is.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { hideSignIn, refuseBlocked } from "../src/claude.ts";
import { loadPi } from "../src/pi.ts";

const OAUTH = { type: "oauth", access: "sk-ant-oat01-a", refresh: "sk-ant-ort01-r", expires: 4e12 };
const COPILOT = { type: "oauth", access: "a", refresh: "r", expires: 4e12 };
const pi = await loadPi();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "claude-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const authPath = (): string => join(directory, "auth.json");
const held = (): Record<string, unknown> => JSON.parse(readFileSync(authPath(), "utf8"));

async function runtimeWith(auth: object): Promise<Pi.ModelRuntime> {
  writeFileSync(authPath(), JSON.stringify(auth));
  const runtime = await pi.ModelRuntime.create({ authPath: authPath(), modelsPath: null, refreshOnCreate: false });
  hideSignIn(runtime);
  await runtime.refresh({ allowNetwork: false });
  return runtime;
}

async function usable(runtime: Pi.ModelRuntime, provider: string): Promise<boolean> {
  return (await runtime.getAvailable(provider)).length > 0;
}

test.each([["a sign-in", OAUTH], ["a token as a key", { type: "api_key", key: OAUTH.access }]])(
  "%s of Claude's is not there for Pi",
  async (_name, entry) => {
    const runtime = await runtimeWith({ anthropic: entry, "github-copilot": COPILOT });
    expect(runtime.getProviderAuthStatus("anthropic").configured).toBe(false);
    expect(await usable(runtime, "anthropic")).toBe(false);
    expect(await runtime.getAuth("anthropic")).toBeUndefined();
    expect(await usable(runtime, "github-copilot")).toBe(true);
    expect(held()["anthropic"]).toEqual(entry);
  },
);

test("a key is", async () => {
  const runtime = await runtimeWith({ anthropic: { type: "api_key", key: "sk-ant-api03-x" } });
  expect(await usable(runtime, "anthropic")).toBe(true);
  expect((await runtime.getAuth("anthropic"))?.auth.apiKey).toBe("sk-ant-api03-x");
});

test("a key replaces a sign-in, and clearing removes it", async () => {
  const runtime = await runtimeWith({ anthropic: OAUTH });
  const prompt = async (): Promise<string> => "sk-ant-api03-x";
  await runtime.login("anthropic", "api_key", { prompt, notify() {} } as never);
  expect(held()["anthropic"]).toEqual({ type: "api_key", key: "sk-ant-api03-x" });
  await runtime.logout("anthropic");
  expect(held()).toEqual({});
});

test("only Anthropic's own models are refused, and only while there is a reason", () => {
  const own = { provider: "anthropic", id: "claude-opus-4-5" };
  expect(() => refuseBlocked(own, "why")).toThrow("why");
  refuseBlocked(own, "");
  refuseBlocked({ provider: "openrouter", id: "anthropic/claude-opus-4" }, "why");
  refuseBlocked(undefined, "why");
});
