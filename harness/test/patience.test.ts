// Every request says that it waits, and a server may ask to wait; tests/e2e has the rest.

import { expect, test } from "bun:test";

import { askedWait, patient } from "../src/patience.ts";

test("a request names no limit, and is otherwise as it was", async () => {
  const seen: unknown[] = [];
  const fake = Object.assign(async (...given: unknown[]) => (seen.push(given), new Response("")), fetch);
  await patient(fake as typeof fetch)("http://x", { method: "POST", body: "b" });
  expect(seen).toEqual([["http://x", { method: "POST", body: "b", timeout: false }]]);
  expect(patient(fake as typeof fetch).preconnect).toBeDefined();
});

test("a server says how long to wait in seconds, in milliseconds or by a date", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  const wait = (status: number, headers: Record<string, string>) =>
    askedWait(new Response("", { status, headers }), now);
  expect(wait(429, { "retry-after": "90" })).toBe(90_000);
  expect(wait(503, { "retry-after": "1.5", "retry-after-ms": "20" })).toBe(20);
  expect(wait(529, { "retry-after": "Sun, 29 Nov 2026 12:01:00 GMT" })).toBe(60_000);
  expect(wait(429, { "retry-after": "Sun, 29 Nov 2026 11:00:00 GMT" })).toBe(0);
  expect(wait(429, { "retry-after": "soon" })).toBe(0);
  expect(wait(429, {})).toBe(0);
  expect(wait(500, { "retry-after": "90" })).toBe(0);
});
