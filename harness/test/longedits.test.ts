// Edits of many lines: asked about and made as they are given, without a comparison of every line.

import { afterEach, beforeEach, expect, test } from "bun:test";

import { LongEdits } from "../src/longedits.ts";
import { removeScratch } from "./scratch.ts";
import { answer, call, get, openShop, put, type Result } from "./shop.ts";

beforeEach(openShop);
afterEach(removeScratch);

const COUNT = 20_000;
const lines = (word: string, ending = "\n", count = COUNT): string =>
  Array.from({ length: count }, (_, line) => `line ${line} with ${word}${ending}`).join("");

function edit(...edits: Array<[string, string]>): Promise<Result> {
  return call("edit", { path: "a.txt", edits: edits.map(([oldText, newText]) => ({ oldText, newText })) });
}

test("40,000 changed lines are asked about and written, with the edits beside them", async () => {
  put("a.txt", `head\n${lines("old")}middle\n${lines("once")}tail`);
  const done = edit(["head", "HEAD"], [lines("once"), lines("again")], ["tail", "end $&"], [lines("old"), lines("new")]);
  const { request } = await answer();
  expect(request.diff).toStartWith("--- a.txt\n+++ a.txt\n@@ -1,40003 +1,40003 @@\n-head\n-line 0 with old\n");
  const { content, details } = (await done) as Result & { details: { diff: string } };
  expect(content[0]!.text).toBe("Successfully replaced 4 block(s) in a.txt.");
  expect(details.diff).toBe(request.diff!);
  expect(get("a.txt")).toBe(`HEAD\n${lines("new")}middle\n${lines("again")}end $&`);
});

test.each(["\n", "\r\n", "\r"])("new lines end as the file's do: %j", async (ending) => {
  put("a.txt", `é${ending}${lines("old", ending, 300)}tail${ending}`);
  const done = edit([`${lines("old", "\n", 300)}tail`, lines("new", "\n", 300)]);
  await answer();
  await done;
  expect(get("a.txt")).toBe(`é${ending}${lines("new", ending, 300)}${ending}`);
});

test("each line ends as the one it comes in place of does", async () => {
  put("a.txt", `a\n${lines("old", "\r\n", 300)}b\n${lines("more", "\n", 300)}`);
  const done = edit([lines("old", "\r\n", 300), "x\ny\n"], [lines("more", "\n", 300), "z\r\n"]);
  await answer();
  await done;
  expect(get("a.txt")).toBe("a\nx\r\ny\r\nb\nz\n");
});

const MANY = lines("old", "\n", 300);

test.each<[string, string, Array<[string, string]>]>([
  ["a text that is there twice", "Found 2 occurrences of the text in a.txt.", [[MANY, "new"]]],
  ["a text that is only like it", "exact text of 301 lines in ", [[lines("old ", "\n", 300), "new"]]],
  ["texts that overlap", "overlap in a.txt", [[`${MANY}end`, "new"], [`${MANY}end\n`, "other"]]],
  ["the same again", "identical content", [[`${MANY}end`, `${MANY}end`]]],
  ["no text", "oldText must not be empty", [["", MANY]]],
])("%s: the model may be told why not, and nothing is written", async (_, why, edits) => {
  put("a.txt", `${MANY}${MANY}end\n`);
  const done = edit(...edits);
  expect((await answer()).request.access).toBe("read");
  await expect(done).rejects.toThrow(why);
  expect(get("a.txt")).toBe(`${MANY}${MANY}end\n`);
});

test("a few lines are left to Pi alone", () => {
  const long = new LongEdits([{ oldText: "a", newText: lines("new", "\n", 100) }]);
  const content = Buffer.from("a");
  expect(long.shorten("a.txt", content)).toBe(content);
  expect(long.shortened).toBe(false);
});
