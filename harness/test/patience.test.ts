// Every request says that it waits, and is otherwise as it was; tests/e2e/test_backends.py waits.

import { expect, test } from "bun:test";

import { patient } from "../src/patience.ts";

test("a request names no limit, and is otherwise as it was", async () => {
  const seen: unknown[] = [];
  const fake = Object.assign(async (...given: unknown[]) => (seen.push(given), new Response("")), fetch);
  await patient(fake as typeof fetch)("http://x", { method: "POST", body: "b" });
  expect(seen).toEqual([["http://x", { method: "POST", body: "b", timeout: false }]]);
  expect(patient(fake as typeof fetch).preconnect).toBeDefined();
});
