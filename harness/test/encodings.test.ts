// A file keeps its encoding, and every byte of it that nobody changed.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { removeScratch } from "./scratch.ts";
import {
  answer, call, edit, get, openShop, textOf, work,
} from "./shop.ts";

beforeEach(openShop);
afterEach(removeScratch);

const LINES = [
  ["windows-1252", "// caf\xe9 na\xefve\n", "return 1;\n"],
  ["Shift_JIS", "// \x93\xfa\x96\x7b\x8c\xea\x82\xcc\x83e\x83L\x83X\x83g\n", "return 1;\n"],
  ["GB18030", "// \xd6\xd0\xce\xc4\xd7\xa2\xca\xcd\n", "return 1;\n"],
  ["UTF-16LE", "\xff\xfe/\0/\0 \0\xe9\0\n\0", "r\0e\0t\0 \x001\0;\0\n\0"],
  ["UTF-8 with other bytes", "// caf\xc3\xa9 \xc3\xa9\xff\n", "return 1;\n"],
  ["UTF-8 with other bytes", "\0\x01\xff\n", "return 1;\n"],
] as const;

test.each(LINES)("an edit of a file in %s leaves every other byte as it was", async (encoding, rest, line) => {
  const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
  writeFileSync(join(work, "a.c"), bytes(rest + line + rest.replace(/^\xff\xfe/, "")));
  const done = edit("a.c", "1;", "22;");
  const { request } = await answer();
  expect(request.encoding).toBe(encoding);
  expect(request.diff).toMatch(/^-ret(urn)? 1;\r?$/m);
  expect(request.diff).not.toContain("\ufffd");
  await done;
  const changed = line.replace("1", line.includes("\0") ? "2\x002" : "22");
  expect(readFileSync(join(work, "a.c")).equals(bytes(rest + changed + rest.replace(/^\xff\xfe/, "")))).toBe(true);
});

test("an edit and its card speak the encoding of the file, and so does a read", async () => {
  writeFileSync(join(work, "a.txt"), Buffer.from("un caf\xe9\r\n", "latin1"));
  const read = call("read", { path: "a.txt" });
  await answer(0);
  expect(textOf(await read)).toContain("un café");
  const done = edit("a.txt", "un café", "deux cafés à emporter");
  const { request } = await answer(1);
  expect(request).toMatchObject({ encoding: "windows-1252" });
  expect(request.diff).toContain("-un café\r\n+deux cafés à emporter\r\n");
  await done;
  expect(readFileSync(join(work, "a.txt"), "latin1")).toBe("deux caf\xe9s \xe0 emporter\r\n");
});

test("a rewrite keeps the encoding and the byte order mark", async () => {
  writeFileSync(join(work, "a.txt"), Buffer.from("un caf\xe9\n", "latin1"));
  writeFileSync(join(work, "b.txt"), Buffer.from("\ufeffone\n", "utf16le"));
  writeFileSync(join(work, "c.txt"), "\ufeffone\n");
  const done = ["a.txt", "b.txt", "c.txt"].map((path) => call("write", { path, content: "thé\n" }));
  for (const nth of done.keys()) await answer(nth);
  await Promise.all(done);
  expect(readFileSync(join(work, "a.txt"), "latin1")).toBe("th\xe9\n");
  expect(readFileSync(join(work, "b.txt"), "utf16le")).toBe("\ufeffthé\n");
  expect(get("c.txt")).toBe("\ufeffthé\n");
});

test.each([
  ["edit", { edits: [{ oldText: "un", newText: "日本" }] }, "The file is encoded as windows-1252, which cannot represent “日”."],
  ["write", { content: "日本\n" }, "The file is encoded as windows-1252, which cannot represent “日”."],
])("an %s with what the encoding has not is refused before it is asked about", async (tool, input, why) => {
  writeFileSync(join(work, "a.txt"), Buffer.from("un caf\xe9\n", "latin1"));
  const done = call(tool, { path: "a.txt", ...input });
  expect((await answer()).request.access).toBe("read");
  await expect(done).rejects.toThrow(why);
  expect(readFileSync(join(work, "a.txt"), "latin1")).toBe("un caf\xe9\n");
});

test("a rewrite that would put � in the place of bytes is refused", async () => {
  writeFileSync(join(work, "a.txt"), Buffer.from("// caf\xc3\xa9 \xc3\xa9\xff\n", "latin1"));
  const done = call("write", { path: "a.txt", content: "// café é\ufffd\n" });
  await answer();
  await expect(done).rejects.toThrow("Use edit instead");
});
