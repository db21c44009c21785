// A diff leads from one text to the other, in bounded time, and lets others run meanwhile.

import { expect, test } from "bun:test";

import { unifiedDiff } from "../src/diff.ts";
import { Slices } from "../src/difftext.ts";
import { withoutCommonEnds } from "../src/ends.ts";
import { replacedWhole } from "../src/replaced.ts";

const CROSSWISE = ["a", "b", "c", "d"];

/** All of a diff, which must be as long as was said, and begin as it does on a card. */
async function diffOf(name: string, before: string, after: string): Promise<{ text: string; bytes: number }> {
  const { head, bytes, whole } = await unifiedDiff(name, before, after);
  const text = await whole();
  expect(text).toStartWith(head);
  expect(head.length === text.length || Buffer.byteLength(head) > 60_000).toBe(true);
  if (bytes <= 4 * 1024 * 1024) expect(bytes).toBe(Buffer.byteLength(text));
  return { text, bytes };
}

/** What the diff makes of the text, by the line numbers of its hunks. */
function patched(before: string, diff: string): string {
  const old = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const made: string[] = [];
  let at = 0;
  for (const line of diff.replaceAll("\n\\ No newline at end of file\n", "\0").match(/[^\n\0]*[\n\0]/g) ?? []) {
    const span = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    const text = line.slice(1).replace("\0", "");
    if (span) {
      const start = Number(span[1]) - (span[2] === "0" ? 0 : 1);
      made.push(...old.slice(at, start));
      at = start;
    } else if (line.startsWith("+") && !line.startsWith("+++ ")) made.push(text);
    else if (line.startsWith(" ") || (line.startsWith("-") && !line.startsWith("--- "))) {
      expect(old[at]).toBe(text);
      if (line.startsWith(" ")) made.push(text);
      at += 1;
    }
  }
  return [...made, ...old.slice(at)].join("");
}

test("a change is shown with the lines around it", async () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  const { text, bytes } = await diffOf("a.txt", before, before.replace("6\n", "six\nsix\n"));
  expect(text).toBe("--- a.txt\n+++ a.txt\n@@ -2,8 +2,9 @@\n 2\n 3\n 4\n 5\n-6\n+six\n+six\n 7\n 8\n 9\n");
  expect(bytes).toBe(text.length);
});

test("no lines, no line end and no change are told as everywhere", async () => {
  const of = async (before: string, after: string): Promise<string> => (await diffOf("f", before, after)).text;
  expect(await of("", "a\n")).toBe("--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n");
  expect(await of("a\nb\n", "")).toBe("--- f\n+++ f\n@@ -1,2 +0,0 @@\n-a\n-b\n");
  expect(await of("a\n", "a")).toBe("--- f\n+++ f\n@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
  expect(await of("a\n", "a\n")).toBe("");
});

test("every diff of short texts leads from one to the other", async () => {
  let seed = 7;
  const below = (limit: number): number => (seed = (seed * 48271) % 2147483647) % limit;
  for (let nth = 0; nth < 2000; nth += 1) {
    const text = (): string =>
      Array.from({ length: below(30) }, () => CROSSWISE[below(1 + (nth % 4))]).join("\n") + (below(2) ? "\n" : "");
    const [before, after] = [text(), text()];
    expect(patched(before, (await diffOf("f", before, after)).text)).toBe(after);
  }
});

const LINES = Array.from({ length: 50_000 }, (_, nth) => `line ${nth} of a text`);
const WHOLE = `${LINES.join("\n")}\n`;

/** Two of these are too long to be compared line by line. */
const LONG = `${"x".repeat(99)}\n`.repeat(50_000);

test.each([
  ["all of its lines", WHOLE.replaceAll("line", "row")],
  ["the order of its lines", `${[...LINES].reverse().join("\n")}\n`],
  ["every second line", `${LINES.map((line, nth) => (nth % 2 ? line : `${line}!`)).join("\n")}\n`],
  ["what has no line of its own", "x\ny\n".repeat(25_000)],
])("a text of 50,000 lines is compared with one that has changed %s", async (_, after) => {
  const { text } = await diffOf("f", WHOLE, after);
  expect(patched(WHOLE, text)).toBe(after);
}, 10_000);

test.each([0, 1, 4, 5, 25_000, 49_995, 49_999])("a change of line %d of a long text is shown where it is", async (at) => {
  const after = `${LINES.with(at, "other").join("\n")}\n`;
  const { text } = await diffOf("f", WHOLE, after);
  expect(patched(WHOLE, text)).toBe(after);
  expect(text.split("\n").filter((line) => /^[-+ ]/.test(line)).length).toBe(
    4 + Math.min(4, at) + Math.min(4, 49_999 - at),
  );
});

test.each([
  ["compared", WHOLE.repeat(3), `${LINES.map((line, nth) => (nth % 2 ? line : `${line}!`)).join("\n")}\n`.repeat(3)],
  ["written down", LONG.repeat(16), LONG.replaceAll("x", "y").repeat(16)],
])("others run while long texts are %s", async (_, before, after) => {
  let [done, turns] = [false, 0];
  void unifiedDiff("f", before, after).then(() => (done = true));
  for (; !done; turns += 1) await new Promise(setImmediate);
  expect(turns).toBeGreaterThan(1);
}, 20_000);

test("longer texts are one change between what they have in common", async () => {
  const before = `same\n${LONG}end\n`;
  const { text, bytes } = await diffOf("f", before, before.replaceAll("x", "y"));
  const head = "--- f\n+++ f\n@@ -1,50002 +1,50002 @@\n same\n";
  expect(text.slice(0, head.length + 4)).toBe(`${head}-xxx`);
  expect(bytes).toBe(2 * 50_000 * 101 + head.length + " end\n".length);
}, 10_000);

test("a diff that replaces all in between leads from one text to the other", async () => {
  let seed = 11;
  const below = (limit: number): number => (seed = (seed * 48271) % 2147483647) % limit;
  const lines = (name: string): string => {
    const some = Array.from({ length: below(7) }, (_, nth) => `${name}${nth}${"é".repeat(below(3))}\n`);
    return some.join("").slice(0, below(4) ? undefined : -1);
  };
  for (let nth = 0; nth < 2000; nth += 1) {
    const [head, tail] = [lines("head"), lines("tail")];
    const [before, after] = [head + lines("old") + tail, head + lines("new") + tail];
    if (before === after) continue;
    const diff = await replacedWhole("--- f\n+++ f\n", withoutCommonEnds(before, after, 4), new Slices());
    expect(patched(before, await diff.whole())).toBe(after);
    expect(diff.bytes).toBe(Buffer.byteLength(await diff.whole()));
  }
});

test.each([
  ["no line", 0, 1],
  ["every third line", 3, 20_000],
])("of two long texts with %s in common no more is compared than helps", async (_, every, hunks) => {
  const text = (name: string): string =>
    Array.from({ length: 60_000 }, (_, nth) => `line ${nth} of ${every && nth % every === 0 ? "both" : name}\n\n`).join("");
  const [before, after] = [text("before"), text("after")];
  const { text: diff } = await diffOf("f", before, after);
  expect(diff.match(/^@@/gm)?.length).toBe(1);
  expect(diff.match(/^ line/gm)?.length ?? 0).toBe(every ? hunks : 0);
});
