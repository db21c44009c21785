// Bytes become lines and lines bytes, whatever the chunks.

import { expect, test } from "bun:test";

import { PART_BYTES } from "../src/lines.gen.ts";
import { characterBoundary, cutText, encodeLine, LineSplitter } from "../src/lines.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

test("lines end at a newline byte and nowhere else", () => {
  const splitter = new LineSplitter();
  expect(splitter.push(bytes("a\u2028b\r\u2029\nc"))).toEqual(["a\u2028b\r\u2029"]);
  expect(splitter.push(bytes("d\n\ne\n"))).toEqual(["cd", "", "e"]);
});

test("a character cut in two by chunks is whole again", () => {
  const whole = bytes('{"a":"😀é"}\n');
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const splitter = new LineSplitter();
    const lines = [...splitter.push(whole.subarray(0, cut)), ...splitter.push(whole.subarray(cut))];
    expect(lines).toEqual(['{"a":"😀é"}']);
  }
});

test("a long line goes in parts that are lines themselves", () => {
  const text = "é😀\"\\\n".repeat(200_000);
  const encoded = encodeLine({ type: "item.delta", item: "m1", text });
  const parts = new LineSplitter().push(encoded).map((line) => JSON.parse(line));
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.every((part) => part.type === "part")).toBe(true);
  expect(parts.map((part) => part.last)).toEqual([...parts.slice(1).map(() => false), true]);
  expect(JSON.parse(parts.map((part) => part.text).join(""))).toEqual({
    type: "item.delta",
    item: "m1",
    text,
  });
  expect(Math.max(...new LineSplitter().push(encoded).map((line) => line.length))).toBeLessThanOrEqual(
    2 * PART_BYTES,
  );
});

test("half a character alone becomes one that every reader takes", () => {
  const line = encodeLine({ type: "notice", kind: "info", text: "a\ud83d" }).toString();
  expect(JSON.parse(line).text).toBe("a\ufffd");
});

test("cutting never splits a character and never exceeds the limit", () => {
  const text = "aé😀€".repeat(10);
  for (let limit = 0; limit <= Buffer.byteLength(text); limit += 1) {
    const cut = cutText(text, limit);
    expect(text.startsWith(cut)).toBe(true);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(limit);
  }
  expect(characterBoundary(bytes("é"), 1)).toBe(0);
});
