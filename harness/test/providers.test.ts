// What Pi reads of the environment for a provider, and whether a turn would begin with what is there.

import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { StandIns } from "../src/credentials.ts";
import type { Keys } from "../src/keys.ts";
import type { ProviderRow } from "../src/lines.gen.ts";
import { loadPi } from "../src/pi.ts";
import { listModels, listProviders } from "../src/providers.ts";
import { removeScratch, scratch } from "./scratch.ts";

afterEach(removeScratch);

const pi = await loadPi();

async function rows(shell: Record<string, string>): Promise<Record<string, ProviderRow>> {
  return withShell(shell, async (runtime, standIns) => {
    const keys = { trouble: () => "" } as unknown as Keys;
    const { providers = [] } = await listProviders(pi, runtime, standIns, keys);
    return Object.fromEntries(providers.map((row) => [row.id, row]));
  });
}

async function withShell<T>(
  shell: Record<string, string>,
  work: (runtime: Pi.ModelRuntime, standIns: StandIns) => Promise<T>,
): Promise<T> {
  const env = process.env;
  const standIns = new StandIns();
  standIns.take({ type: "credentials", shell });
  try {
    const runtime = await pi.ModelRuntime.create({ authPath: join(scratch(), "auth.json"), modelsPath: null });
    return await work(runtime, standIns);
  } finally {
    process.env = env;
  }
}

test("everything that Pi reads for a provider is known", async () => {
  const told = await rows({});
  const bedrock = [...(told["amazon-bedrock"]?.variables ?? []), ...(told["amazon-bedrock"]?.settings ?? [])];
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_PROFILE"]) {
    expect(bedrock).toContain(name);
  }
  expect(told["azure"]?.variables).toEqual(["AZURE_OPENAI_API_KEY"]);
  for (const name of ["AZURE_OPENAI_BASE_URL", "AZURE_OPENAI_RESOURCE_NAME", "AZURE_OPENAI_API_VERSION"]) {
    expect(told["azure"]?.settings).toContain(name);
  }
  const vertex = [...(told["google-vertex"]?.variables ?? []), ...(told["google-vertex"]?.settings ?? [])];
  for (const name of ["GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS"]) {
    expect(vertex).toContain(name);
  }
}, 60_000);

test("a row says what is still missing until a turn would begin", async () => {
  const half = await rows({ AZURE_OPENAI_API_KEY: "x", GROQ_API_KEY: "y", AWS_ACCESS_KEY_ID: "a" });
  expect(half["azure"]?.lacks).toContain("Set AZURE_OPENAI_BASE_URL or AZURE_OPENAI_RESOURCE_NAME");
  expect(half["azure"]?.models).toBe(0);
  expect(half["groq"]?.lacks).toBeUndefined();
  expect(half["amazon-bedrock"]?.origins).toEqual([]);
  const whole = await rows({
    AZURE_OPENAI_API_KEY: "x",
    AZURE_OPENAI_RESOURCE_NAME: "mine",
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
  });
  for (const id of ["azure", "amazon-bedrock"]) {
    expect(whole[id]?.lacks).toBeUndefined();
    expect(whole[id]?.origins?.length).toBe(1);
    expect(whole[id]?.models).toBeGreaterThan(10);
  }
}, 60_000);

test("no model is offered of a provider that lacks something", async () => {
  const offered = (shell: Record<string, string>): Promise<Set<string>> =>
    withShell(shell, async (runtime) => new Set((await listModels(runtime)).map((row) => row.provider)));
  const half = await offered({ AZURE_OPENAI_API_KEY: "x", GROQ_API_KEY: "y" });
  expect(half.has("azure")).toBe(false);
  expect(half.has("groq")).toBe(true);
  const whole = await offered({ AZURE_OPENAI_API_KEY: "x", AZURE_OPENAI_RESOURCE_NAME: "mine" });
  expect(whole.has("azure")).toBe(true);
}, 60_000);
