// A command whose output cannot be stored has a result all the same, and the turn goes on.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { Outputs } from "../src/outputs.ts";
import { removeScratch } from "./scratch.ts";
import { answer, call, openShop, root, textOf, work } from "./shop.ts";

const SCRIPT = join(import.meta.dir, "flooded.ts");
const LOST = /\n\n\[Showing lines \d+-\d+ of \d+\. The full output could not be stored: (\w+): [^\n]*\]/;

beforeEach(openShop);
afterEach(removeScratch);

const temp = (): string => join(root, "temp");

test.each([
  ["is gone", "rm -r", "ENOENT"],
  ["is a file", "rm -r $0; touch", "ENOTDIR"],
])("a long output is told when the directory of its file %s", async (_, act, code) => {
  const done = call("bash", { command: `set -- '${temp()}'; ${act.replace("$0", '"$1"')} "$1"; seq 1 300000; exit 4` });
  await answer();
  const text = textOf(await done);
  expect(text).toMatch(/^298007\n298008\n/);
  expect(text).toEndWith("\n\nCommand exited with code 4");
  expect(text).toContain("\n[The output was longer than 2 MB");
  expect(text.match(LOST)?.[1]).toBe(code);
});

const NAMESPACE = ["unshare", ...(process.getuid?.() === 0 ? ["-m"] : ["-rm"])];

/** What is told of 300,000 bytes after the shell did `first`, and how many stay on the disk. */
function flooded(first: string, ...before: string[]): string {
  const run = `${first} && "$0" run '${SCRIPT}' '${temp()}' 300000; cat '${temp()}'/pi-bash-*.log | wc -c`;
  return String(Bun.spawnSync([...before, "sh", "-c", run, process.execPath]).stdout).slice(-300);
}

const mounted = (place: string): string => `mount -t tmpfs -o size=128k none '${place}'`;
const noSmallDisk =
  process.platform !== "linux" || !Bun.spawnSync([...NAMESPACE, "sh", "-c", mounted("/mnt")]).success;

test.skipIf(noSmallDisk)("a full disk leaves the end of a long output, and its room to others", () => {
  const told = flooded(mounted(temp()), ...NAMESPACE);
  expect(told.match(LOST)?.[1]).toBe("ENOSPC");
  expect(told).toEndWith("]\n0\n");
});

test("a limit of the size of files leaves the end of a long output", () => {
  const told = flooded("ulimit -f 64");
  expect(told.match(LOST)?.[1]).toBe("EFBIG");
  expect(told).toEndWith("]\n0\n");
});

test.skipIf(process.getuid?.() === 0)("a closed directory ends no turn, and the next command opens it", async () => {
  const outputs = new Outputs(temp(), 1);
  for (const [nth, mode] of ["0500", "0400", "0000", "0700"].entries()) {
    const done = call("bash", { command: `touch '${temp()}/pi-bash-1.log'; chmod ${mode} '${temp()}'; seq 1 3000` });
    await answer(nth);
    expect(textOf(await done)).toContain("\n3000\n");
    outputs.remove();
  }
});

test("what can be stored is stored whole", () => {
  const shown = "[Showing lines 21076-23071 of 23071. Full output, until this turn ends: ";
  const [said = "", size] = flooded("true").split("]\n").map((part) => part.split("\n\n").at(-1));
  expect(said).toStartWith(`${shown}${temp()}/pi-bash-`);
  expect(size).toBe("300000\n");
});

test.each([
  ["lines", "a\n", 30_000, /lines 28005-30000 of 30000/],
  ["bytes", `${"a".repeat(99)}\n`, 1000, /lines 5\d\d-1000 of 1000 \(4\d\.\dKB limit\)/],
  ["one line", "é", 30_000, /last 4\d\.\dKB of line 1/],
])("the end of a long output of %s is what Pi lets through", async (_, piece, times, shown) => {
  writeFileSync(join(work, "long"), piece.repeat(times));
  const done = call("bash", { command: "cat long" });
  await answer();
  const [end = "", said, more] = textOf(await done).split("\n\n");
  expect(piece.repeat(times)).toEndWith(end + (piece.endsWith("\n") ? "\n" : ""));
  expect(said).toMatch(new RegExp(`^\\[Showing ${shown.source}\\. Full output, until this turn ends: ${temp()}/pi-bash-\\w+\\.log\\]$`));
  expect(more).toBeUndefined();
});
