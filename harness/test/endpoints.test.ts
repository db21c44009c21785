// Servers that Pi does not know: one at a time, under a provider of their own; and small windows.

import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";

import { Endpoints, withoutLimit } from "../src/endpoints.ts";
import type { Endpoint } from "../src/lines.gen.ts";
import { availableModels, idOf } from "../src/models.ts";
import { loadPi } from "../src/pi.ts";
import { fitCompaction, settingsManager } from "../src/settings.ts";
import { removeScratch, scratch } from "./scratch.ts";

afterEach(removeScratch);

const pi = await loadPi();
const OLLAMA: Endpoint = {
  provider: "ollama",
  name: "Ollama",
  baseUrl: "http://127.0.0.1:1/v1",
  model: "library/llama3",
  contextWindow: 8_192,
};

async function runtime() {
  return pi.ModelRuntime.create({ authPath: join(scratch(), "auth.json"), modelsPath: null });
}

async function ids(made: Awaited<ReturnType<typeof runtime>>): Promise<string[]> {
  const models = await availableModels(made);
  return models.filter(({ provider }) => /ollama|custom/.test(provider)).map(idOf);
}

test("a server is known while it is in use", async () => {
  const made = await runtime();
  const endpoints = new Endpoints(made);
  endpoints.use(OLLAMA);
  expect(await ids(made)).toEqual(["ollama/library/llama3"]);
  const model = made.getModel("ollama", "library/llama3");
  expect(model).toMatchObject({ baseUrl: OLLAMA.baseUrl, contextWindow: 8_192, api: "openai-completions" });
  endpoints.use({ ...OLLAMA, provider: "custom-openai", model: "big", contextWindow: null });
  expect(await ids(made)).toEqual(["custom-openai/big"]);
  endpoints.use(null);
  expect(await ids(made)).toEqual([]);
});

test("a model sees where the server says so, or where a person sends an image and nobody knows", async () => {
  const made = await runtime();
  const endpoints = new Endpoints(made);
  const input = () => made.getModel("ollama", "library/llama3")?.input;
  endpoints.use({ ...OLLAMA, images: true });
  expect(input()).toEqual(["text", "image"]);
  endpoints.use({ ...OLLAMA, images: false });
  expect([endpoints.see(), input()]).toEqual([false, ["text"]]);
  endpoints.use(OLLAMA);
  expect(input()).toEqual(["text"]);
  expect([endpoints.see(), input()]).toEqual([true, ["text", "image"]]);
  expect(endpoints.see()).toBe(false);
});

test("a key is looked up by its name when it is needed", async () => {
  const made = await runtime();
  new Endpoints(made).use({ ...OLLAMA, key: "KEY_OF_A_TEST" });
  expect(await ids(made)).toEqual([]);
  process.env["KEY_OF_A_TEST"] = "sk-x";
  try {
    expect(await ids(made)).toEqual(["ollama/library/llama3"]);
  } finally {
    delete process.env["KEY_OF_A_TEST"];
  }
});

test("a small window's requests name no limit, others keep theirs", () => {
  const asked = { model: "m", max_tokens: 1, messages: [] };
  const small = { api: "openai-completions", contextWindow: 8_192 };
  expect(withoutLimit(asked, small)).toEqual({ model: "m", messages: [] });
  expect(withoutLimit(asked, { ...small, contextWindow: 128_000 })).toBeUndefined();
  expect(withoutLimit(asked, { ...small, api: "anthropic-messages" })).toBeUndefined();
  expect(withoutLimit(asked, undefined)).toBeUndefined();
});

test("a small window is compacted before it is full, a large one as Pi does by itself", () => {
  const settings = settingsManager(pi, scratch());
  const sized = (id: string, contextWindow: number) => ({ provider: "p", id, contextWindow });
  const pis = settings.getCompactionSettings();
  for (const model of [sized("small", 8_192), sized("tiny", 4_096), sized("large", 200_000)]) {
    fitCompaction(settings, model);
    fitCompaction(settings, model);
  }
  const of = (id: string) => settings.getCompactionSettings({ provider: "p", id } as never);
  expect(of("small")).toMatchObject({ reserveTokens: 2_048, keepRecentTokens: 1_365 });
  expect(of("tiny").reserveTokens).toBe(1_024);
  expect(of("large")).toEqual(pis);
});
