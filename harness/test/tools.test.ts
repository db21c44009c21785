// Pi's tools touch nothing before the answer, and then exactly what was shown.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync,
} from "node:fs";
import { join } from "node:path";

import type { Ask } from "../src/lines.gen.ts";
import { Gate } from "../src/gate.ts";
import { Groups } from "../src/groups.ts";
import { loadPi } from "../src/pi.ts";
import { ToolCalls } from "../src/toolcalls.ts";
import { ALL_TOOLS, guardedTools } from "../src/tools.ts";
import { Recorder } from "./recorder.ts";
import { removeScratch, scratch } from "./scratch.ts";

const pi = await loadPi();
const rg = process.env["CLAUDETTE_RG"] ?? Bun.which("rg", { PATH: `${join(import.meta.dir, "../../.venv/bin")}:${process.env["PATH"]}` }) ?? "rg";
process.env["PATH"] = `${join(rg, "..")}:${process.env["PATH"]}`;
process.env["PI_OFFLINE"] = "1";

let out: Recorder;
let gate: Gate;
let calls: ToolCalls;
let root: string;
let work: string;
let count = 0;

beforeEach(() => {
  out = new Recorder();
  gate = new Gate(out);
  calls = new ToolCalls(out);
  root = scratch();
  work = join(root, "work");
  mkdirSync(work);
  mkdirSync(join(root, "temp"));
  process.env["TMPDIR"] = join(root, "temp");
});

afterEach(removeScratch);

interface Result {
  content: Array<{ type: string; text?: string }>;
  isError?: boolean;
  structuredContent?: { exit_code?: number };
}

/** Calls a tool as Pi would; the caller answers what it asks. */
function call(tool: string, input: object, signal?: AbortSignal): Promise<Result> {
  const tools = guardedTools({
    pi, gate, calls, groups: new Groups(out), cwd: work, tempDir: join(root, "temp"), umask: 0o022, rg,
    shell: { shell: "/bin/bash", args: ["-c"] },
    toolEnv: () => ({ PATH: process.env["PATH"] }),
  });
  const definition = tools.find(({ name }) => name === tool)!;
  const id = `c${(count += 1)}`;
  calls.written(id, tool, input);
  const context = { cwd: work, sessionManager: pi.SessionManager.inMemory(work) } as never;
  const result = definition.execute(id, input, signal, undefined, context);
  // The test looks at the result later; it may have failed by then.
  result.catch(() => {});
  return result as Promise<Result>;
}

async function answer(nth = 0, allow = true, reason = ""): Promise<Ask> {
  const ask = await out.next("ask", nth);
  gate.decide({ type: "decide", ask: ask.ask, allow, reason });
  return ask;
}

const textOf = (result: Result): string => result.content.map((part) => part.text ?? "").join("");
const put = (name: string, text: string): void => writeFileSync(join(work, name), text);
const get = (name: string): string => readFileSync(join(work, name), "utf8");
const edit = (name: string, oldText: string, newText: string): Promise<Result> =>
  call("edit", { path: name, edits: [{ oldText, newText }] });

test("nothing is touched before the answer, by any tool", async () => {
  put("a.txt", "one\n");
  const inputs: Record<string, object> = {
    read: { path: "a.txt" },
    bash: { command: "touch ran" },
    edit: { path: "a.txt", edits: [{ oldText: "one", newText: "two" }] },
    write: { path: "deep/er/b.txt", content: "b" },
    grep: { pattern: "one" },
    find: { pattern: "*" },
    ls: {},
  };
  expect(Object.keys(inputs).sort()).toEqual([...ALL_TOOLS].sort());
  const results = Object.entries(inputs).map(([tool, input]) => call(tool, input));
  for (let nth = 0; nth < results.length; nth += 1) await answer(nth, false, "not now");
  for (const result of results) await expect(result).rejects.toThrow("did not allow this call: not now");
  expect(get("a.txt")).toBe("one\n");
  expect(existsSync(join(work, "ran"))).toBe(false);
  expect(existsSync(join(work, "deep"))).toBe(false);
  expect(new Set(out.of("ask").map((ask) => ask.request.digest)).size).toBe(results.length);
});

test("an edit shows its change and writes exactly that, dollars and line ends included", async () => {
  put("a.txt", "one\r\ntwo\r\n");
  const done = edit("a.txt", "two", "$& $$ $`");
  const { request } = await answer();
  expect(request).toMatchObject({ tool: "edit", access: "edit", paths: [join(work, "a.txt")] });
  expect(request.diff).toContain("+$& $$ $`");
  expect(request.diff).toContain("--- a.txt");
  await done;
  expect(get("a.txt")).toBe("one\r\n$& $$ $`\r\n");
});

test("a new file gets its directories and the user's mode", async () => {
  const done = call("write", { path: "deep/er/b.txt", content: "new\n" });
  const { request } = await answer();
  expect(request).toMatchObject({ access: "write", paths: [join(work, "deep/er/b.txt")] });
  await done;
  expect(get("deep/er/b.txt")).toBe("new\n");
  expect(statSync(join(work, "deep/er/b.txt")).mode & 0o777).toBe(0o644);
  expect(statSync(join(work, "deep")).mode & 0o777).toBe(0o755);
});

test("overwriting keeps the file's mode and its other names", async () => {
  put("a.sh", "old and longer\n");
  Bun.spawnSync(["chmod", "751", join(work, "a.sh")]);
  linkSync(join(work, "a.sh"), join(work, "same.sh"));
  const done = call("write", { path: "a.sh", content: "new\n" });
  await answer();
  await done;
  expect(get("same.sh")).toBe("new\n");
  expect(statSync(join(work, "a.sh")).mode & 0o777).toBe(0o751);
});

test("calls on one file ask one after the other, others at once", async () => {
  put("a.txt", "one two\n");
  put("b.txt", "one\n");
  const first = edit("a.txt", "one", "1");
  const second = edit("a.txt", "two", "2");
  const other = edit("b.txt", "one", "1");
  await out.next("ask", 1);
  const [onOther, onFirst] = out.of("ask").sort((a) => (a.request.paths?.[0]?.endsWith("b.txt") ? -1 : 1));
  gate.decide({ type: "decide", ask: onOther!.ask, allow: true });
  await other;
  expect(out.of("ask")).toHaveLength(2);
  gate.decide({ type: "decide", ask: onFirst!.ask, allow: true });
  const { request } = await answer(2);
  expect(request.diff).toContain("-1 two");
  await Promise.all([first, second]);
  expect(get("a.txt")).toBe("1 2\n");
});

test("a file that changed while the card was open is asked about again", async () => {
  put("a.txt", "one\n");
  const done = edit("a.txt", "one", "two");
  const first = await out.next("ask");
  put("a.txt", "zero\none\n");
  await answer();
  const second = await answer(1);
  expect(second.supersedes).toBe(first.ask);
  expect(second.request.diff).toContain(" zero");
  expect(second.request.digest).not.toBe(first.request.digest);
  await done;
  expect(get("a.txt")).toBe("zero\ntwo\n");
});

test("a file that appeared meanwhile is not overwritten unseen", async () => {
  const done = call("write", { path: "a.txt", content: "mine\n" });
  await out.next("ask");
  put("a.txt", "theirs\n");
  await answer();
  const again = await answer(1, false);
  expect(again.request.diff).toContain("-theirs");
  await expect(done).rejects.toThrow("did not allow");
  expect(get("a.txt")).toBe("theirs\n");
});

test("a directory swapped for another while the card was open gets nothing", async () => {
  mkdirSync(join(work, "dir"));
  mkdirSync(join(root, "elsewhere"));
  const done = call("write", { path: "dir/a.txt", content: "x" });
  const first = await out.next("ask");
  renameSync(join(work, "dir"), join(work, "old"));
  symlinkSync(join(root, "elsewhere"), join(work, "dir"));
  await answer();
  const second = await answer(1, false);
  expect(second.supersedes).toBe(first.ask);
  expect(second.request.paths).toEqual([join(root, "elsewhere/a.txt")]);
  await expect(done).rejects.toThrow();
  expect(existsSync(join(root, "elsewhere/a.txt"))).toBe(false);
  expect(existsSync(join(work, "old/a.txt"))).toBe(false);
});

test("a file swapped for a link while the card was open is asked about by its real name", async () => {
  put("a.txt", "one\n");
  writeFileSync(join(root, "secret"), "one\n");
  const done = edit("a.txt", "one", "two");
  await out.next("ask");
  rmSync(join(work, "a.txt"));
  symlinkSync(join(root, "secret"), join(work, "a.txt"));
  await answer();
  const second = await answer(1, false);
  expect(second.request.paths).toEqual([join(root, "secret")]);
  await expect(done).rejects.toThrow();
  expect(readFileSync(join(root, "secret"), "utf8")).toBe("one\n");
});

test("paths are asked about as they really are", async () => {
  writeFileSync(join(root, "outside.txt"), "out\n");
  symlinkSync(join(root, "outside.txt"), join(work, "link.txt"));
  symlinkSync(join(root, "nowhere/new.txt"), join(work, "dangling.txt"));
  const read = call("read", { path: "link.txt" });
  expect((await answer(0)).request.paths).toEqual([join(root, "outside.txt")]);
  expect(textOf(await read)).toBe("out\n");
  void call("read", { path: "../outside.txt" });
  expect((await answer(1)).request.paths).toEqual([join(root, "outside.txt")]);
  void call("write", { path: "dangling.txt", content: "x" });
  expect((await answer(2, false)).request.paths).toEqual([join(root, "nowhere/new.txt")]);
  void call("ls", { path: ".." });
  expect((await answer(3)).request.paths).toEqual([root]);
});

test("a read that was allowed does not follow a link that was put there since", async () => {
  put("a.txt", "fine\n");
  writeFileSync(join(root, "secret"), "secret\n");
  const done = call("read", { path: "a.txt" });
  await out.next("ask");
  rmSync(join(work, "a.txt"));
  symlinkSync(join(root, "secret"), join(work, "a.txt"));
  await answer();
  await expect(done).rejects.toThrow("leads somewhere else");
});

test("an edit that does not fit tells the model so only where it may read", async () => {
  put("a.txt", "one\n");
  const done = edit("a.txt", "absent", "x");
  const { request } = await answer(0, false);
  expect(request).toMatchObject({ tool: "edit", access: "read", paths: [join(work, "a.txt")] });
  await expect(done).rejects.toThrow("did not allow");
  const again = edit("a.txt", "absent", "x");
  await answer(1);
  await expect(again).rejects.toThrow("Could not find the exact text");
});

test("what is no file is neither read nor written", async () => {
  Bun.spawnSync(["mkfifo", join(work, "pipe")]);
  for (const [nth, path] of ["pipe", "/dev/zero"].entries()) {
    const done = call("read", { path });
    await answer(nth);
    await expect(done).rejects.toThrow("not a regular file");
  }
  const written = call("write", { path: "pipe", content: "x" });
  await answer(2);
  await expect(written).rejects.toThrow("not a regular file");
});

test("a binary or huge file has no diff but its sizes", async () => {
  writeFileSync(join(work, "a.bin"), Buffer.from([0xff, 0xfe, 0x00]));
  void call("write", { path: "a.bin", content: "text" });
  expect((await answer(0, false)).request.diff).toContain("3 bytes becomes 4 bytes");
  void call("write", { path: "b.txt", content: "x".repeat(3_000_000) });
  expect((await answer(1, false)).request.diff).toContain("no file becomes 3000000 bytes");
});

test("a stop takes the question back and touches nothing", async () => {
  put("a.txt", "one\n");
  const stop = new AbortController();
  const done = call("write", { path: "a.txt", content: "two\n" }, stop.signal);
  const { ask } = await out.next("ask");
  stop.abort();
  await expect(done).rejects.toThrow("aborted");
  expect(out.of("ask.withdrawn")).toEqual([{ type: "ask.withdrawn", ask }]);
  expect(get("a.txt")).toBe("one\n");
});

test("a command is asked about as it will run, and tells its exit code", async () => {
  const done = call("bash", { command: "pwd; exit 4" });
  const { request } = await answer();
  expect(request).toMatchObject({ tool: "bash", access: "run", command: "pwd; exit 4", cwd: work });
  const result = await done;
  expect(result.isError).toBe(true);
  expect(result.structuredContent?.exit_code).toBe(4);
  expect(textOf(result)).toBe(`${work}\n\n\nCommand exited with code 4`);
  expect(out.of("item.delta").map((line) => line.text).join("")).toBe(`${work}\n`);
});

test("too much output is cut for people, and the model is told where the rest is", async () => {
  const done = call("bash", { command: "seq 1 300000" });
  await answer();
  const text = textOf(await done);
  expect(text).toContain("Full output: ");
  const shown = out.of("item.delta").map((line) => line.text).join("");
  expect(shown.length).toBeGreaterThan(1024 * 1024);
  expect(shown.length).toBeLessThan(1024 * 1024 + 100);
  expect(shown).toEndWith("[940319 bytes more are not shown]\n");
});

test("searches find names and contents, without what git ignores", async () => {
  mkdirSync(join(work, ".git"));
  put(".gitignore", "ignored.txt\n");
  put("ignored.txt", "needle\n");
  mkdirSync(join(work, "src/deep"), { recursive: true });
  put("src/deep/a.ts", "needle\n");
  put(".hidden.ts", "hay\n");
  const patterns: Array<[string, string[]]> = [
    ["*.ts", [".hidden.ts", "src/deep/a.ts"]],
    ["src/**/*.ts", ["src/deep/a.ts"]],
    ["deep", ["src/deep/"]],
    ["*.{txt,js}", []],
  ];
  for (const [nth, [pattern, wanted]] of patterns.entries()) {
    const done = call("find", { pattern });
    await answer(nth);
    const found = textOf(await done).split("\n").sort();
    expect(found).toEqual(wanted.length > 0 ? wanted : ["No files found matching pattern"]);
  }
  const done = call("grep", { pattern: "needle" });
  expect((await answer(patterns.length)).request).toMatchObject({ access: "search", paths: [work] });
  expect(textOf(await done)).toBe("src/deep/a.ts:1: needle");
});

test("a search stops at its limit and says so", async () => {
  for (let nth = 0; nth < 20; nth += 1) put(`f${nth}.txt`, "x\n");
  const done = call("find", { pattern: "*.txt", limit: 5 });
  await answer();
  const text = textOf(await done);
  expect(text.split("\n").filter((line) => line.endsWith(".txt"))).toHaveLength(5);
  expect(text).toContain("5 results limit reached");
});

test("a place that is not there is an error, after the answer", async () => {
  for (const [nth, tool] of ["ls", "find", "grep"].entries()) {
    const done = call(tool, { path: "gone", pattern: "x" });
    await answer(nth);
    await expect(done).rejects.toThrow("Path not found");
  }
});
