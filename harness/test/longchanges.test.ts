// Cards of changes that are longer than a card shows: what comes first, and what follows.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { INLINE_BYTES } from "../src/lines.gen.ts";
import { removeScratch } from "./scratch.ts";
import { answer, call, get, openShop, out, work } from "./shop.ts";

beforeEach(openShop);
afterEach(removeScratch);

test("a binary file and a long text are shown whole", async () => {
  writeFileSync(join(work, "a.bin"), Buffer.from([0xff, 0xfe, 0x00]));
  void call("write", { path: "a.bin", content: "text" });
  const { request } = await answer(0, false);
  expect(request.diff).toContain("-\\xFF\\xFE\0\n");
  expect(request.diff).toContain("+text\n");
  void call("write", { path: "b.txt", content: "x\n".repeat(1_000_000) });
  const { ask, request: long } = await answer(1, false);
  expect(Buffer.byteLength(long.diff ?? "")).toBe(INLINE_BYTES - 1);
  const whole = await diffOf(ask);
  expect(whole.length).toBe("--- b.txt\n+++ b.txt\n@@ -0,0 +1,1000000 @@\n".length + 3_000_000);
  expect(long.diffBytes).toBe(whole.length);
});

/** The pieces that were told of it, until the last. */
async function diffOf(ask: string): Promise<string> {
  for (;;) {
    const pieces = out.of("ask.diff").filter((piece) => piece.ask === ask);
    if (pieces.at(-1)?.last) return pieces.map(({ text }) => text).join("");
    await new Promise(setImmediate);
  }
}

test("a card of a long change waits neither for its whole diff nor for the arguments", async () => {
  const content = `${"é".repeat(50)}\n`.repeat(20_000);
  const done = call("write", { path: "a.txt", content });
  const { ask, request } = await answer(0);
  await done;
  expect(out.lines.slice(0, 3).map(({ type }) => type)).toEqual(["item.open", "item.change", "ask"]);
  const [first, second] = out.of("item.change").map(({ tool }) => tool);
  expect(first).toMatchObject({ phase: "asking", title: "a.txt", input: {} });
  expect(second).toMatchObject({ phase: "asking", title: "a.txt", input: { content } });
  const whole = await diffOf(ask);
  expect(whole).toStartWith(request.diff!);
  expect(Buffer.byteLength(whole)).toBe(request.diffBytes!);
  expect(whole.slice(whole.indexOf("@@\n") + 3)).toBe(content.replace(/^/gm, "+").slice(0, -1));
  expect(get("a.txt")).toBe(content);
});

test("a change of more than 4 MiB is kept up to there, in whole lines, and tells its length", async () => {
  void call("write", { path: "a.txt", content: `${"x".repeat(99)}\n`.repeat(50_000) });
  const { ask, request } = await answer(0, false);
  expect(request.diffBytes).toBe("--- a.txt\n+++ a.txt\n@@ -0,0 +1,50000 @@\n".length + 50_000 * 101);
  const whole = await diffOf(ask);
  expect(Buffer.byteLength(whole)).toBeGreaterThan(4 * 1024 * 1024 - 200);
  expect(Buffer.byteLength(whole)).toBeLessThanOrEqual(4 * 1024 * 1024);
  expect(whole).toEndWith(`+${"x".repeat(99)}\n`);
});
