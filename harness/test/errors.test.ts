// A failure of a provider, and what ends the process, become one plain sentence.

import { expect, test } from "bun:test";

import { plainError } from "../src/errors.ts";
import { lastWords } from "../src/faults.ts";

const CASES: Array<[string, string, string]> = [
  ["OpenAI", '401: {"message":"Incorrect API key provided.","type":"invalid_request_error"}', "Incorrect API key provided (HTTP 401)"],
  ["Anthropic", '529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "Overloaded (HTTP 529)"],
  ["OpenRouter, which wraps another provider's", '429: {"error":{"message":"Provider returned error","metadata":{"raw":"{\\"error\\":{\\"message\\":\\"Slow down\\"}}"}}}', "Slow down (HTTP 429)"],
  ["JSON in a sentence of JSON", '401: {"message":"{\\"error\\":{\\"message\\":\\"bad key\\"}}"}', "bad key (HTTP 401)"],
  ["a list", '[{"error":{"message":"in a list"}}]', "in a list"],
  ["plain text", "connect ECONNREFUSED 127.0.0.1:1", "connect ECONNREFUSED 127.0.0.1:1"],
  ["a web page", "502 <html><head><title>502 Bad Gateway</title></head>", "The model's provider answered with a web page: 502 Bad Gateway (HTTP 502)"],
  ["JSON that was cut off", '400: {"error":{"message":"too \\"long\\"","code":"x', 'too "long" (HTTP 400)'],
  ["nothing", "", "The model's provider failed without saying why"],
  ["no body", "500 status code (no body)", "The model's provider answered with nothing (HTTP 500)"],
  ["several lines", "one\n  two", "one two"],
  ["a hint of the runtime", "The socket connection was closed unexpectedly. For more information, pass `verbose: true` in the second argument to fetch()", "The socket connection was closed unexpectedly."],
];

test.each(CASES)("%s", (_name, raw, plain) => {
  expect(plainError(raw)).toBe(plain);
});

test("a long text is cut", () => {
  const plain = plainError(`500: ${"x".repeat(5000)}`);
  expect(plain).toBe(`${"x".repeat(600)}… (HTTP 500)`);
});

test("an address that cannot be reached needs no other word before it", () => {
  const said = "http://gpu:1/v1/chat/completions cannot be reached: Unable to connect";
  expect(plainError(`Connection error: ${said}`)).toBe(said);
  expect(plainError("Connection error: it broke")).toBe("Connection error: it broke");
});

test("words that were put before an error twice are there once", () => {
  expect(plainError("Error: Error: Error: no route")).toBe("Error: no route");
  expect(plainError("Login failed: login failed: denied")).toBe("Login failed: denied");
  expect(plainError("Provider error: model error: x")).toBe("Provider error: model error: x");
});

test("what ends the process is its last line, whatever is inspected of it before", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    errno: -28,
    syscall: "write",
  });
  expect(Bun.inspect(full).trimEnd().split("\n").at(-1)).not.toContain("no space");
  expect(lastWords(full).split("\n").at(-1)).toBe("ENOSPC: no space left on device, write");
  expect(lastWords("oh").split("\n").at(-1)).toBe("oh");
});
