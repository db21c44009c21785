// Pieces are sent together, in order, and none is lost.

import { expect, test } from "bun:test";

import { LineSplitter } from "../src/lines.ts";
import { Outbox } from "../src/outbox.ts";

function outbox() {
  const splitter = new LineSplitter();
  const lines: Array<Record<string, unknown>> = [];
  const sink = async (bytes: Buffer): Promise<void> => {
    for (const line of splitter.push(bytes)) lines.push(JSON.parse(line));
  };
  return { out: new Outbox(sink), lines };
}

test("the first piece goes at once, those of a tick together, in order with the lines", async () => {
  const { out, lines } = outbox();
  for (const piece of ["a", "b", "c"]) out.delta("m1", piece);
  out.delta("t1", "x");
  out.send({ type: "item.close", item: "m1" });
  out.delta("t1", "y");
  await out.drained();
  expect(lines).toEqual([
    { type: "item.delta", item: "m1", text: "a" },
    { type: "item.delta", item: "m1", text: "bc" },
    { type: "item.delta", item: "t1", text: "x" },
    { type: "item.close", item: "m1" },
    { type: "item.delta", item: "t1", text: "y" },
  ]);
});

test("a piece that waits is sent without a line to push it", async () => {
  const { out, lines } = outbox();
  out.delta("m1", "a");
  out.delta("m1", "b");
  while (lines.length < 2) await Bun.sleep(1);
  expect(lines.map((line) => line["text"])).toEqual(["a", "b"]);
});

test("the halves of a character meet again", async () => {
  const { out, lines } = outbox();
  out.delta("m1", "a\ud83d");
  out.send({ type: "notice", kind: "info", text: "between" });
  out.delta("m1", "\ude00b");
  out.delta("m2", "\ud83d");
  out.send({ type: "item.close", item: "m2" });
  await out.drained();
  expect(lines.map((line) => line["text"])).toEqual(["a", "between", "😀b", "\ufffd", undefined]);
});

test("what is sent while a write is slow goes out in one write", async () => {
  const writes: number[] = [];
  const gate = Promise.withResolvers<void>();
  const out = new Outbox(async (bytes) => {
    writes.push(new LineSplitter().push(bytes).length);
    await gate.promise;
  });
  out.send({ type: "group", pgid: 1, item: "t1" });
  await Bun.sleep(0);
  for (let pgid = 2; pgid < 10; pgid += 1) out.send({ type: "group", pgid, item: "t1" });
  gate.resolve();
  await out.drained();
  expect(writes).toEqual([1, 8]);
});
