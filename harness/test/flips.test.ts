// A name flipped to a link while a tool looks shows nothing of what the link leads to.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { removeScratch } from "./scratch.ts";
import { call, gate, openShop, out, put, root, textOf, work } from "./shop.ts";

beforeEach(openShop);
afterEach(removeScratch);

/** The lines that a tool showed while a name was flipped thousands of times, and once after that. */
async function shownWhile(name: string, target: string, tool: string, input: object): Promise<string[]> {
  const flipper = Bun.spawn([process.execPath, join(import.meta.dir, "flipper.ts"), join(work, name), target]);
  const shown = new Set<string>();
  let flipped = false;
  for (let nth = 0; !flipped; nth += 1) {
    flipped = flipper.exitCode !== null;
    const done = call(tool, input);
    const { ask, request } = await out.next("ask", nth);
    gate.decide({ type: "decide", ask, allow: !request.paths!.some((path) => path.startsWith(target)) });
    const text = await done.then(textOf, (error: Error) => error.message);
    for (const line of text.split("\n")) shown.add(line);
  }
  expect(flipper.exitCode).toBe(0);
  return [...shown];
}

test("grep shows no line of what a file was flipped to", async () => {
  put("a.txt", "needle of a\n");
  writeFileSync(join(root, "secret"), "needle of the secret\n");
  const shown = await shownWhile("a.txt", join(root, "secret"), "grep", { pattern: "needle" });
  expect(shown.filter((line) => line.includes("secret"))).toEqual([]);
  expect(shown).toContain("a.txt:1: needle of a");
});

test.each([
  ["grep", { pattern: "needle" }],
  ["find", { pattern: "*" }],
  ["ls", { path: "dir" }],
])("%s shows nothing of what a directory was flipped to", async (tool, input) => {
  mkdirSync(join(work, "dir"));
  put("dir/a.txt", "needle of a\n");
  mkdirSync(join(root, "secrets"));
  writeFileSync(join(root, "secrets/secret.txt"), "needle of the secret\n");
  const shown = await shownWhile("dir", join(root, "secrets"), tool, input);
  expect(shown.filter((line) => line.includes("secret"))).toEqual([]);
  expect(shown.filter((line) => line.includes("a.txt"))).not.toEqual([]);
});
