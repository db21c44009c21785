// A name means one model, or is an error that helps.

import { expect, test } from "bun:test";

import { LineFault } from "../src/faults.ts";
import { nearestNames, resolveModel, unknownModel, type Model } from "../src/models.ts";

const model = (provider: string, id: string): Model => ({ provider, id });
const AVAILABLE = [
  model("openrouter", "anthropic/claude-sonnet"),
  model("ollama", "library/llama3"),
  model("ollama", "shared"),
  model("lmstudio", "shared"),
];
const KNOWN = [...AVAILABLE, model("openai", "gpt-5.4")];

function faultOf(work: () => unknown): LineFault {
  try {
    work();
  } catch (error) {
    if (error instanceof LineFault) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("a name is a provider and an id, which may have slashes of its own", () => {
  expect(resolveModel("openrouter/anthropic/claude-sonnet", AVAILABLE, KNOWN)).toBe(AVAILABLE[0]!);
  expect(resolveModel("ollama/library/llama3", AVAILABLE, KNOWN)).toBe(AVAILABLE[1]!);
});

test("a bare id is enough when only one provider has it", () => {
  expect(resolveModel("library/llama3", AVAILABLE, KNOWN)).toBe(AVAILABLE[1]!);
  expect(faultOf(() => resolveModel("shared", AVAILABLE, KNOWN)).fault).toBe("ModelUnknown");
});

test("an unknown model is an error with the nearest names, never another model", () => {
  const fault = faultOf(() => resolveModel("openrouter/anthropic/claude-sonet", AVAILABLE, KNOWN));
  expect(fault.fault).toBe("ModelUnknown");
  expect(fault.data["nearest"]).toContain("openrouter/anthropic/claude-sonnet");
  expect((fault.data["nearest"] as string[])[0]).toBe("openrouter/anthropic/claude-sonnet");
});

test("a model whose provider has no credentials says that", () => {
  const fault = unknownModel("openai/gpt-5.4", AVAILABLE, KNOWN);
  expect(fault.message).toStartWith("No credentials of openai are configured");
});

test("with no model at all it says what to do", () => {
  expect(unknownModel("x", [], KNOWN).message).toContain("/login");
  expect(unknownModel("x", [], KNOWN).message).toStartWith("No configured provider has a model x. ");
});

test("nothing alike is nothing near", () => {
  expect(nearestNames("zzz", ["ab", "cd"])).toEqual([]);
  expect(nearestNames("", ["ab"])).toEqual([]);
  const far = ["openai/gpt-5.4", "mistral/codestral-latest", "openrouter/deepseek/deepseek-r1"];
  expect(nearestNames("ollama/qwen3", far)).toEqual([]);
  expect(nearestNames("openai/gtp-5.4", far)).toEqual(["openai/gpt-5.4"]);
});
