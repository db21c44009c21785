// No call goes on before it was decided.

import { expect, test } from "bun:test";

import { canonical, digestOf, Gate, GaveUp, Refused, unknownRequest } from "../src/gate.ts";
import { Recorder } from "./recorder.ts";

const request = unknownRequest("anything", { b: 1, a: [2] }, "/w");

test("an allowed call goes on under the name of its ask", async () => {
  const out = new Recorder();
  const gate = new Gate(out);
  const asked = gate.ask({ item: "t1", request, signal: undefined });
  gate.decide({ type: "decide", ask: "a1", allow: true });
  expect(await asked).toEqual({ ask: "a1", confinement: null, wrapper: [] });
  expect(out.lines).toEqual([{ type: "ask", ask: "a1", item: "t1", request }]);
});

test("what holds a command comes with the answer", async () => {
  const gate = new Gate(new Recorder());
  const asked = gate.ask({ item: "t1", request, signal: undefined });
  const held = { confinement: { boxed: true, writable: [] }, wrapper: ["/bin/env", "--"] };
  gate.decide({ type: "decide", ask: "a1", allow: true, ...held });
  expect(await asked).toEqual({ ask: "a1", ...held });
});

test("a denied call is told why", async () => {
  const gate = new Gate(new Recorder());
  const asked = gate.ask({ item: "t1", request, signal: undefined });
  gate.decide({ type: "decide", ask: "a1", allow: false, reason: "use git mv" });
  await expect(asked).rejects.toThrow(new Refused("The user did not allow this call: use git mv"));
});

test("calls that run side by side ask at once and are answered in any order", async () => {
  const gate = new Gate(new Recorder());
  const first = gate.ask({ item: "t1", request, signal: undefined });
  const second = gate.ask({ item: "t2", request, signal: undefined });
  gate.decide({ type: "decide", ask: "a2", allow: true });
  gate.decide({ type: "decide", ask: "a1", allow: true });
  const names = (await Promise.all([first, second])).map((allowed) => allowed.ask);
  expect(names).toEqual(["a1", "a2"]);
});

test("a stop withdraws the ask, and a later answer does nothing", async () => {
  const out = new Recorder();
  const gate = new Gate(out);
  const stop = new AbortController();
  const asked = gate.ask({ item: "t1", request, signal: stop.signal });
  stop.abort();
  gate.decide({ type: "decide", ask: "a1", allow: true });
  await expect(asked).rejects.toBeInstanceOf(GaveUp);
  expect(out.of("ask.withdrawn")).toEqual([{ type: "ask.withdrawn", ask: "a1" }]);
});

test("a call of a turn that is over never asks", async () => {
  const out = new Recorder();
  const over = AbortSignal.abort();
  const asked = new Gate(out).ask({ item: "t1", request, signal: over });
  expect(out.lines).toEqual([]);
  await expect(asked).rejects.toBeInstanceOf(GaveUp);
});

test("an ask that replaces another says so", () => {
  const out = new Recorder();
  void new Gate(out).ask({ item: "t1", request, supersedes: "a7", signal: undefined });
  expect(out.of("ask")[0]?.supersedes).toBe("a7");
});

test("equal arguments have one digest, others another", () => {
  const digest = digestOf({ tool: "x", input: { a: 1, b: { c: [1, 2] } } });
  expect(digestOf({ input: { b: { c: [1, 2] }, a: 1 }, tool: "x" })).toBe(digest);
  for (const input of [{ a: 1, b: { c: [2, 1] } }, { a: "1", b: { c: [1, 2] } }, { a: 1 }]) {
    expect(digestOf({ tool: "x", input })).not.toBe(digest);
  }
  expect(canonical({ b: undefined, a: null })).toBe('{"a":null}');
});

test("an unknown tool shows all of its arguments", () => {
  expect(request).toMatchObject({ tool: "anything", access: "unknown", cwd: "/w", input: '{"b":1,"a":[2]}' });
  const long = unknownRequest("anything", { text: "x".repeat(100_000) }, "/w");
  expect(long.input).toBe(`{"text":"${"x".repeat(100_000)}"}`);
});
