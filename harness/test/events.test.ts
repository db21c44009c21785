// What Pi tells becomes items, in order and each closed once.

import { beforeEach, expect, test } from "bun:test";

import { Translator, type PiEvent } from "../src/events.ts";
import type { FromSidecar } from "../src/lines.gen.ts";
import { Recorder } from "./recorder.ts";

let out: Recorder;
let users: string[];
let translator: Translator;

beforeEach(() => {
  out = new Recorder();
  users = [];
  translator = new Translator(out, (text) => users.push(text), () => 1000);
});

const MODEL = { provider: "fake", model: "small" };

function play(...events: PiEvent[]): void {
  for (const event of events) translator.on(event);
}

function update(type: string, contentIndex: number, more: object = {}): PiEvent {
  const partial = { role: "assistant", content: [], ...MODEL };
  return { type: "message_update", assistantMessageEvent: { type, contentIndex, partial, ...more } };
}

const text = (delta: string, index = 0): PiEvent => update("text_delta", index, { delta });
const thought = (delta: string, index = 0): PiEvent => update("thinking_delta", index, { delta });

function callWritten(id: string, name: string, args: object, index = 0): PiEvent[] {
  const block = { type: "toolCall", id, name, arguments: args };
  const content: object[] = [];
  content[index] = { type: "toolCall", id, name };
  const partial = { role: "assistant", content, ...MODEL };
  return [update("toolcall_start", index, { partial }), update("toolcall_end", index, { toolCall: block })];
}

function messageEnd(stopReason: string, more: object = {}): PiEvent {
  return { type: "message_end", message: { role: "assistant", stopReason, ...MODEL, ...more } };
}

function tokens(input: number, total: number, totalFromProvider = false): object {
  return { usage: { input, output: 1, cacheRead: 2, cacheWrite: 3, reasoning: 4, cost: { total, totalFromProvider } } };
}

function statuses(): Record<string, string | undefined> {
  return Object.fromEntries(out.of("item.close").map((line) => [line.item, line.status]));
}

const close = (item: string, status: "done" | "failed" | "stopped" | "discarded"): FromSidecar => ({
  type: "item.close",
  item,
  status,
});

test("thinking and text are items of their own, each message apart", () => {
  play(thought("hm"), thought("m"), text("Hel", 1), text("lo", 1), messageEnd("toolUse"));
  play(text("Again"), messageEnd("stop"));
  expect(out.lines).toEqual([
    { type: "item.open", item: "r1", kind: "reasoning", model: "fake/small" },
    { type: "item.delta", item: "r1", text: "hmm" },
    { type: "item.open", item: "m2", kind: "message", model: "fake/small" },
    { type: "item.delta", item: "m2", text: "Hello" },
    close("r1", "done"),
    close("m2", "done"),
    { type: "item.open", item: "m3", kind: "message", model: "fake/small" },
    { type: "item.delta", item: "m3", text: "Again" },
    close("m3", "done"),
  ]);
});

test("empty pieces and the writing of arguments are no text", () => {
  play(text(""), ...callWritten("c1", "bash", { command: "ls" }), update("toolcall_delta", 0, { delta: '{"com' }));
  expect(out.of("item.delta")).toEqual([]);
  expect(out.of("item.open")).toEqual([{ type: "item.open", item: "t1", kind: "tool", tool: { name: "bash" } }]);
});

test("a provider that does not stream is shown at the end of its message", () => {
  const content = [
    { type: "thinking", thinking: "why" },
    { type: "text", text: "because" },
    { type: "toolCall", id: "c1", name: "read", arguments: { path: "a" } },
  ];
  play(messageEnd("toolUse", { content }));
  expect(out.of("item.open").map((line) => line.kind)).toEqual(["reasoning", "message", "tool"]);
  expect(out.of("item.delta").map((line) => line.text)).toEqual(["why", "because"]);
});

test("a tool call goes from writing to its end, with its exit code and what was cut", () => {
  play(...callWritten("c1", "bash", { command: "ls -l\nrm x" }), messageEnd("toolUse"));
  translator.calls.asking("c1", { command: "ls -l\nrm x" });
  translator.calls.running("c1");
  translator.calls.output("c1", "out");
  const result = {
    content: [{ type: "text", text: "out\n\nCommand exited with code 2" }],
    details: { truncation: { truncated: true } },
    structuredContent: { exit_code: 2, output: "out" },
  };
  play({ type: "tool_execution_end", toolCallId: "c1", toolName: "bash", result, isError: true });
  expect(out.of("item.change").map((line) => line.tool.phase)).toEqual(["asking", "running"]);
  expect(out.of("item.close")).toEqual([
    {
      type: "item.close",
      item: "t1",
      status: "failed",
      tool: {
        name: "bash",
        input: { command: "ls -l\nrm x" },
        title: "ls -l …",
        phase: "ended",
        exitCode: 2,
        truncated: true,
      },
    },
  ]);
});

test("a result that was not streamed is the text of the item", () => {
  play(...callWritten("c1", "read", { path: "a" }), messageEnd("toolUse"));
  const result = { content: [{ type: "text", text: "body" }, { type: "image", data: "eHh4".repeat(12_000) }, { type: "text", text: "note" }] };
  play({ type: "tool_execution_end", toolCallId: "c1", result, isError: false });
  expect(out.of("item.close")[0]).toMatchObject({ status: "done", text: "body\n[image, 36 kB]\nnote" });
});

test("parallel calls keep their ids apart, also when a later message uses the same ones", () => {
  const done = (id: string): PiEvent => ({ type: "tool_execution_end", toolCallId: id, isError: false });
  play(...callWritten("c1", "read", { path: "a" }), ...callWritten("c2", "ls", {}, 1), messageEnd("toolUse"));
  play(done("c2"), done("c1"));
  play(...callWritten("c1", "read", { path: "b" }), messageEnd("toolUse"), done("c1"));
  expect(out.of("item.open").map((line) => line.item)).toEqual(["t1", "t2", "t3"]);
  expect(out.of("item.close").map((line) => line.item)).toEqual(["t2", "t1", "t3"]);
});

test("a call that nobody saw being written has an item as well", () => {
  play({ type: "tool_execution_start", toolCallId: "p/1", toolName: "read", args: { path: "a" } });
  play({ type: "tool_execution_end", toolCallId: "p/1", toolName: "read", isError: false });
  play({ type: "tool_execution_end", toolCallId: "never", toolName: "read", isError: false });
  expect(out.of("item.open")).toHaveLength(1);
  expect(statuses()).toEqual({ t1: "done" });
});

test("what a failed attempt said is withdrawn when there is another one", () => {
  play(text("par"), ...callWritten("c1", "bash", { command: "x" }, 1));
  play(messageEnd("error", { errorMessage: "500: overloaded" }));
  expect(out.of("item.close")).toEqual([]);
  play({ type: "agent_end", willRetry: true });
  play({ type: "auto_retry_start", attempt: 1, maxAttempts: 3, delayMs: 2000, errorMessage: "500: overloaded" });
  play(text("whole"), messageEnd("stop"));
  expect(statuses()).toEqual({ m1: "discarded", t1: "discarded", m2: "done" });
  expect(out.of("notice")).toEqual([
    { type: "notice", kind: "retry", text: "overloaded (HTTP 500); trying again in 2 s (1 of 3)." },
  ]);
  expect(translator.endTurn("u1", false)).toMatchObject({ reason: "done" });
});

test("what was said before the last failure stays, and the turn says why it failed", () => {
  play(text("partial"), messageEnd("error", { errorMessage: '401: {"message":"bad key"}' }));
  play({ type: "agent_end", willRetry: false });
  const end = translator.endTurn("u1", false);
  expect(statuses()).toEqual({ m1: "failed" });
  expect(end).toEqual({ type: "turn.end", turn: "u1", reason: "failed", error: "bad key (HTTP 401)" });
  expect(translator.endTurn("u2", false)).toEqual({ type: "turn.end", turn: "u2", reason: "done" });
});

test("an overflow that compaction cures is no failure of the turn", () => {
  play(text("x"), messageEnd("error", { errorMessage: "400: context length exceeded" }));
  play({ type: "agent_end", willRetry: false }, { type: "compaction_start", reason: "overflow" });
  const result = { tokensBefore: 900, estimatedTokensAfter: 90, usage: { input: 5, cost: { total: 1 } } };
  play({ type: "compaction_end", reason: "overflow", result, aborted: false });
  play(text("answer"), messageEnd("stop"));
  expect(statuses()).toEqual({ m1: "discarded", m2: "done" });
  expect(out.of("compaction.end")).toEqual([
    { type: "compaction.end", trigger: "overflow", ok: true, before: 900, after: 90, durationMs: 0 },
  ]);
  expect(translator.endTurn("u1", false)).toMatchObject({ reason: "done", usage: { input: 5, costUsd: 1 } });
});

test("a compaction that fails says why, one that is stopped says so", () => {
  play({ type: "compaction_end", reason: "manual", errorMessage: "Compaction failed: too small" });
  play({ type: "compaction_end", reason: "threshold", aborted: true });
  expect(out.of("compaction.end").map((line) => [line.ok, line.error])).toEqual([
    [false, "too small"],
    [false, "stopped"],
  ]);
});

test("a stop is no error: what was said stays, what ran is stopped", () => {
  play(text("so far"), ...callWritten("c1", "bash", { command: "sleep 9" }, 1), messageEnd("toolUse"));
  translator.calls.stopping = true;
  const result = { content: [{ type: "text", text: "Command aborted" }] };
  play({ type: "tool_execution_end", toolCallId: "c1", result, isError: true });
  play(text("cut of"), messageEnd("aborted", { errorMessage: "Request was aborted" }));
  const end = translator.endTurn("u1", true);
  expect(statuses()).toEqual({ m1: "done", t1: "stopped", m2: "stopped" });
  expect(end).toEqual({ type: "turn.end", turn: "u1", reason: "stopped" });
});

test("items that are left open are closed before the turn ends", () => {
  play(text("a"), ...callWritten("c1", "read", {}, 1));
  translator.endTurn("u1", true);
  expect(statuses()).toEqual({ m1: "stopped", t1: "stopped" });
});

test("usage is the sum of the turn's calls, and of that turn only", () => {
  play(messageEnd("toolUse", tokens(10, 0.5)), messageEnd("stop", tokens(20, 0.25)));
  expect(translator.endTurn("u1", false).usage).toEqual({
    input: 30, output: 2, cacheRead: 4, cacheWrite: 6, reasoning: 8, costUsd: 0.75, costSource: "catalogue",
  });
  play(messageEnd("stop", tokens(1, 2, true)));
  expect(translator.endTurn("u2", false).usage).toMatchObject({ input: 1, costUsd: 2, costSource: "provider" });
});

test("what has been used so far is told after every call, what a failed attempt used as well", () => {
  play(messageEnd("error", { errorMessage: "x", ...tokens(10, 0.5) }), messageEnd("stop", tokens(20, 0.25)));
  expect(out.of("usage").map(({ usage }) => [usage.input, usage.costUsd])).toEqual([
    [10, 0.5],
    [30, 0.75],
  ]);
  expect(translator.endTurn("u1", false).usage).toMatchObject({ input: 30, costUsd: 0.75 });
});

test("one call that the provider has not priced makes the cost one of the catalogue", () => {
  play(messageEnd("toolUse", tokens(10, 0.5, true)), messageEnd("stop", tokens(20, 0.25)));
  expect(translator.endTurn("u1", false).usage).toMatchObject({ costUsd: 0.75, costSource: "catalogue" });
});

test("a provider may say that it cost nothing", () => {
  play(messageEnd("stop", tokens(10, 0, true)));
  expect(translator.endTurn("u1", false).usage).toMatchObject({ costUsd: 0, costSource: "provider" });
});

test("what runs on a machine of one's own costs nothing, whatever a price list says", () => {
  for (const provider of ["ollama", "lmstudio"]) {
    play(messageEnd("stop", { ...tokens(10, 0.5), provider }));
    expect(translator.endTurn("u1", false).usage).toMatchObject({ input: 10, costUsd: null, costSource: null });
  }
  play(messageEnd("toolUse", { ...tokens(10, 0.5), provider: "ollama" }), messageEnd("stop", tokens(20, 0.25)));
  expect(translator.endTurn("u2", false).usage).toMatchObject({ input: 30, costUsd: 0.25 });
});

test("a compaction that was asked for is no turn's", () => {
  const result = { tokensBefore: 900, estimatedTokensAfter: 90, ...tokens(5, 1) };
  play({ type: "compaction_end", reason: "manual", result, aborted: false });
  expect(out.of("compaction.end")[0]?.usage).toMatchObject({ input: 5, costUsd: 1, costSource: "catalogue" });
  expect(translator.endTurn("u1", false).usage).toBeUndefined();
});

test("without a price there is no cost, and without calls no usage", () => {
  play(messageEnd("stop", tokens(10, 0)));
  expect(translator.endTurn("u1", false).usage).toMatchObject({ input: 10, costUsd: null, costSource: null });
  play(messageEnd("error", { errorMessage: "x", usage: { input: 0, output: 0, cost: { total: 0 } } }));
  expect(translator.endTurn("u2", false).usage).toBeUndefined();
});

test("what the user says is passed on, so that a delivered message is known", () => {
  play({ type: "message_start", message: { role: "user", content: [{ type: "text", text: "turn left" }] } });
  play({ type: "message_start", message: { role: "system", content: "prompt" } });
  expect(users).toEqual(["turn left"]);
  expect(out.lines).toEqual([]);
});

test("events that nobody needs do nothing", () => {
  play({ type: "queue_update" }, { type: "entry_appended" }, { type: "made up" });
  expect(out.lines).toEqual([]);
});
