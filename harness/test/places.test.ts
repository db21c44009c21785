// The directories that a chat stands on may go away under it: nothing runs or is written elsewhere.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { realWorkspace } from "../src/workspace.ts";
import { removeScratch } from "./scratch.ts";
import { answer, call, get, openShop, out, put, root, textOf, work } from "./shop.ts";

beforeEach(openShop);
afterEach(removeScratch);

const CALLS: Array<[string, object]> = [
  ["read", { path: "a.txt" }],
  ["bash", { command: "touch ran" }],
  ["edit", { path: "a.txt", edits: [{ oldText: "one", newText: "two" }] }],
  ["write", { path: "deep/er/b.txt", content: "b" }],
  ["grep", { pattern: "one" }],
  ["find", { pattern: "*" }],
  ["ls", {}],
];

test.each(CALLS)("%s in a workspace that was renamed says so and where it is", async (tool, input) => {
  put("a.txt", "one\n");
  const moved = join(root, "moved");
  renameSync(work, moved);
  await expect(call(tool, input)).rejects.toThrow(`${work} was moved or removed`);
  await expect(call(tool, input)).rejects.toThrow(`It was probably renamed to ${moved}.`);
  expect(out.of("ask")).toEqual([]);
  expect(existsSync(work)).toBe(false);
  expect(readdirSync(moved)).toEqual(["a.txt"]);
});

test.each(CALLS)("%s that was allowed does nothing in a workspace that vanished meanwhile", async (tool, input) => {
  put("a.txt", "one\n");
  const done = call(tool, input);
  await out.next("ask");
  rmSync(work, { recursive: true });
  await answer();
  await expect(done).rejects.toThrow("was moved or removed");
  expect(existsSync(work)).toBe(false);
});

test("another directory in the workspace's place is not it", async () => {
  mkdirSync(join(root, "other"));
  rmSync(work, { recursive: true });
  renameSync(join(root, "other"), work);
  await expect(call("write", { path: "a.txt", content: "x" })).rejects.toThrow("was moved or removed");
  expect(readdirSync(work)).toEqual([]);
});

test("a workspace that was renamed between two sessions is found again", () => {
  renameSync(work, join(root, "later"));
  const faultOf = (record: string): unknown => {
    try {
      return realWorkspace(work, join(root, record));
    } catch (error) {
      return error;
    }
  };
  expect(faultOf("workspace.json")).toMatchObject({
    fault: "WorkspaceMissing",
    message: expect.stringContaining(`renamed to ${join(root, "later")}`),
  });
  expect(faultOf("none.json")).toMatchObject({ message: expect.not.stringContaining("renamed") });
});

async function ran(command: string): Promise<string> {
  const asked = out.of("ask").length;
  const done = call("bash", { command });
  await answer(asked);
  return textOf(await done);
}

const BREAKERS: Array<[string, string]> = [
  ["removed", 'rm -rf "$TMPDIR"'],
  ["replaced by a link", 'rmdir "$TMPDIR" && ln -s "$PWD" "$TMPDIR"'],
  ["replaced by a file", 'rmdir "$TMPDIR" && echo mine > "$TMPDIR"'],
  ["opened to all", 'chmod 777 "$TMPDIR"'],
  ["closed to its owner", 'chmod 000 "$TMPDIR"'],
];

test.each(BREAKERS)("a TMPDIR that was %s is there again for the next command", async (_, command) => {
  const temp = join(root, "temp");
  chmodSync(temp, 0o700);
  put("a.txt", "one\n");
  await ran(command.replaceAll("$TMPDIR", temp).replace("rmdir", "rm -rf"));
  expect(await ran("echo still here")).toContain("still here");
  expect(statSync(temp).mode & 0o777).toBe(0o700);
  expect(statSync(temp).ino).not.toBe(statSync(work).ino);
  expect(readdirSync(work)).toEqual(["a.txt"]);
  expect(get("a.txt")).toBe("one\n");
});

test("a link to nowhere in place of the TMPDIR is replaced", async () => {
  rmSync(join(root, "temp"), { recursive: true });
  symlinkSync(join(root, "nowhere"), join(root, "temp"));
  expect(await ran("echo here")).toContain("here");
  expect(existsSync(join(root, "nowhere"))).toBe(false);
});

test.each([131_000, 131_071, 131_072, 400_000])("a command of %i bytes runs as it was approved", async (size) => {
  const tail = "\nEND\nwc -c < made; [ -e /proc/self/fd/3 ] && echo leaked; exit 3";
  const head = "cat > made <<'END'\n";
  const command = head + "y".repeat(size - head.length - tail.length) + tail;
  const done = call("bash", { command });
  expect((await answer()).request.command).toBe(command);
  const result = await done;
  expect(textOf(result)).toContain(`${size - head.length - tail.length + 1}\n`);
  expect(textOf(result)).not.toContain("leaked");
  expect(result.structuredContent?.exit_code).toBe(3);
  expect(readdirSync(join(root, "temp"))).toEqual([]);
});
