// Pi's tools touch nothing before the answer, and then exactly what was shown.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync,
  readdirSync,
} from "node:fs";
import { join } from "node:path";

import { Outputs } from "../src/outputs.ts";
import { ALL_TOOLS } from "../src/tools.ts";
import { removeScratch } from "./scratch.ts";
import {
  answer, call, edit, gate, get, openShop, out, put, root, textOf, work,
} from "./shop.ts";

beforeEach(openShop);
afterEach(removeScratch);

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
  for (const [nth, path] of ["pipe", "/dev/zero"].entries()) {
    const done = call("grep", { pattern: "x", path });
    await answer(3 + nth);
    await expect(done).rejects.toThrow("not a regular file");
  }
});

test("a socket is neither read nor written nor searched, and find and ls say what they look in", async () => {
  const server = Bun.listen({ unix: join(work, "socket"), socket: { data: () => {} } });
  put("a.txt", "one\n");
  const inputs: Array<[string, object, string]> = [
    ["read", { path: "socket" }, `${join(work, "socket")} is not a regular file`],
    ["edit", { path: "socket", edits: [{ oldText: "one", newText: "two" }] }, "is not a regular file"],
    ["write", { path: "socket", content: "x" }, "is not a regular file"],
    ["grep", { path: "socket", pattern: "x" }, `${join(work, "socket")} is not a regular file`],
    ["find", { path: "socket", pattern: "x" }, `${join(work, "socket")} is not a directory`],
    ["ls", { path: "socket" }, `Not a directory: ${join(work, "socket")}`],
    ["find", { path: "a.txt", pattern: "x" }, `${join(work, "a.txt")} is not a directory`],
    ["ls", { path: "a.txt" }, `Not a directory: ${join(work, "a.txt")}`],
    ["edit", { path: ".", edits: [{ oldText: "one", newText: "two" }] }, "is not a regular file"],
    ["write", { path: ".", content: "x" }, "is not a regular file"],
    ["read", { path: "." }, "is not a regular file"],
  ];
  for (const [nth, [tool, input, said]] of inputs.entries()) {
    const done = call(tool, input);
    await answer(nth);
    await expect(done).rejects.toThrow(said);
  }
  server.stop();
});

test("a search finds lines in files with a byte order mark, in UTF-16 and beside matches", async () => {
  const text = "hay\nneedle é\nhay";
  mkdirSync(join(work, "marked"));
  put("marked/8.txt", `\ufeff${text}`);
  writeFileSync(join(work, "marked/16.txt"), Buffer.from(`\ufeff${text}`, "utf16le"));
  writeFileSync(join(work, "marked/16b.txt"), Buffer.from(`\ufeff${text}`, "utf16le").swap16());
  writeFileSync(join(work, "marked/latin"), Buffer.from(`\nneedle \xe9`, "latin1"));
  const done = call("grep", { pattern: "needle", path: "marked", context: 1, glob: "./*.txt" });
  await answer();
  const files = ["16.txt", "16b.txt", "8.txt"];
  const lines = files.flatMap((name) => [`${name}-1- hay`, `${name}-3- hay`, `${name}:2: needle é`]);
  expect(textOf(await done).split("\n").sort()).toEqual(lines.sort());
  const one = call("grep", { pattern: "n.*", path: "marked/latin", ignoreCase: true });
  await answer(1);
  expect(textOf(await one)).toBe("latin:2: needle \ufffd");
  const wrong = call("grep", { pattern: "(" });
  await answer(2);
  await expect(wrong).rejects.toThrow("unclosed group");
});

test("a search in files shows as many matches as it may, and what stands beside the last", async () => {
  put("a.txt", "x\n".repeat(3) + "hay\nhay\nx\n");
  const done = call("grep", { pattern: "x", limit: 3, context: 1 });
  await answer();
  const notice = "[3 matches limit reached. Use limit=6 for more, or refine pattern]";
  expect(textOf(await done)).toBe(`a.txt:1: x\na.txt:2: x\na.txt:3: x\na.txt-4- hay\n\n${notice}`);
  const all = call("grep", { pattern: "x", limit: 4 });
  await answer(1);
  expect(textOf(await all)).not.toContain("limit");
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
  expect(text).toContain("Full output, until this turn ends: ");
  expect(text).toContain("[The output was longer than 2 MB: 488895 bytes before its end were left out.]");
  const shown = out.of("item.delta").map((line) => line.text).join("");
  expect(shown.length).toBeGreaterThan(1024 * 1024);
  expect(shown.length).toBeLessThan(1024 * 1024 + 65 * 1024);
  expect(shown).toContain("\n[874783 bytes more are not shown]\n");
  expect(shown).toEndWith("299999\n300000\n");
  const [log = ""] = readdirSync(join(root, "temp")).filter((name) => name.startsWith("pi-bash-"));
  const kept = readFileSync(join(root, "temp", log), "utf8");
  expect(kept.length).toBeLessThan(1.5e6 + 200);
  expect(kept).toStartWith("1\n2\n");
  expect(kept).toContain("299999\n300000\n");
  new Outputs(join(root, "temp"), 1).remove();
  expect(readdirSync(join(root, "temp"))).toEqual([]);
});

test("all outputs of a turn together take no more than one may, and the newest is kept", async () => {
  const temp = join(root, "temp");
  const logs = (): string[] => readdirSync(temp).filter((name) => name.startsWith("pi-bash-"));
  for (const [nth, first] of ["1", "2", "3"].entries()) {
    const done = call("bash", { command: `seq ${first} 150000` });
    await answer(nth);
    await done;
    const sizes = logs().map((name) => statSync(join(temp, name)).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1.5e6 + 200);
    expect(logs().some((name) => readFileSync(join(temp, name), "utf8").startsWith(`${first}\n`))).toBe(true);
  }
  const small = call("bash", { command: `head -n 1 ${temp}/pi-bash-*.log` });
  await answer(3);
  expect(textOf(await small)).toBe("3\n");
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
    ["./src/deep/*.ts", ["src/deep/a.ts"]],
    ["deep/*.ts", []],
    ["**/deep/*.ts", ["src/deep/a.ts"]],
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
