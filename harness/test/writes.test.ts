// A user's file is written whole or not at all, whatever the disk or the system does meanwhile.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { baseOf, Changed, writeApproved } from "../src/edits.ts";
import { Unfinished } from "../src/unfinished.ts";
import { removeScratch, scratch } from "./scratch.ts";

const SCRIPT = join(import.meta.dir, "limited.ts");
const OLD = Buffer.alloc(30_000, "o");

let root: string;
let work: string;
let record: string;
let unfinished: Unfinished;

beforeEach(() => {
  root = scratch();
  work = join(root, "work");
  record = join(root, "record");
  mkdirSync(work);
  unfinished = new Unfinished(record);
});

afterEach(removeScratch);

const at = (name: string): string => join(work, name);

async function overwrite(name: string, after: string | Buffer): Promise<void> {
  await writeApproved(await baseOf(at(name)), Buffer.from(after), 0o022, unfinished);
}

/** Everything below the work directory, and nothing is left of a record. */
function expectOnly(...names: string[]): void {
  expect(readdirSync(work, { recursive: true }).sort()).toEqual(names.sort());
  if (existsSync(record)) expect(readdirSync(record)).toEqual([]);
}

/** What a write says of `size` bytes, run by a shell that did `first`. */
function written(first: string, path: string, size: number): string {
  const command = `${first} && exec "$0" run "$@"`;
  const run = Bun.spawnSync(["sh", "-c", command, process.execPath, SCRIPT, path, record, String(size)]);
  return `${run.stdout}${run.stderr}`.trim();
}

test.each([
  ["the file has one name", false],
  ["the file has two names", true],
])("a write over the limit of a file's size leaves the old file whole when %s", (_, linked) => {
  writeFileSync(at("a.txt"), OLD);
  if (linked) linkSync(at("a.txt"), at("b.txt"));
  expect(written("ulimit -f 64", at("a.txt"), 90_000)).toMatch(/^\S+a\.txt was not changed: .*EFBIG/);
  expect(readFileSync(at("a.txt")).equals(OLD)).toBe(true);
  expectOnly("a.txt", ...(linked ? ["b.txt"] : []));
});

test("a new file over the limit leaves neither itself nor its directories", () => {
  expect(written("ulimit -f 64", at("deep/er/a.txt"), 90_000)).toMatch(/a\.txt was not created: .*EFBIG/);
  expectOnly();
});

/** A shell's way to a file system of 128 KiB at `work`, as root or in a namespace of one's own. */
function withSmallDisk(place: string, script: string): ReturnType<typeof Bun.spawnSync> {
  const mounted = `mount -t tmpfs -o size=128k none '${place}' && ${script}`;
  return Bun.spawnSync(["unshare", ...(process.getuid?.() === 0 ? ["-m"] : ["-rm"]), "sh", "-c", mounted]);
}

const noSmallDisk = process.platform !== "linux" || !withSmallDisk("/mnt", "true").success;

function onSmallDisk(before: string, path: string, size: number): string {
  const run = `'${process.execPath}' run '${SCRIPT}' '${path}' '${record}' ${size}`;
  const after = `cd '${work}' && find . -type f | sort | xargs -r wc -c; find . -mindepth 1 -type d`;
  return String(withSmallDisk(work, `{ ${before}; } && ${run} && ${after}`).stdout);
}

test.skipIf(noSmallDisk)("a full disk leaves the old file whole, however it is written", () => {
  const fill = `head -c 30000 /dev/zero >'${at("a.txt")}'`;
  const replaced = onSmallDisk(fill, at("a.txt"), 120_000);
  expect(replaced).toMatch(/was not changed: ENOSPC: no space left on device[^\n]*\n30000 \.\/a\.txt\n$/);
  const inPlace = onSmallDisk(`${fill} && ln '${at("a.txt")}' '${at("b.txt")}'`, at("a.txt"), 150_000);
  expect(inPlace).toMatch(/was not changed: ENOSPC[^\n]*\n *30000 \.\/a\.txt\n *30000 \.\/b\.txt\n/);
  expect(onSmallDisk("true", at("deep/a.txt"), 150_000)).toMatch(/was not created: ENOSPC[^\n]*\n$/);
  expect(onSmallDisk(fill, at("a.txt"), 60_000)).toBe("written\n60000 ./a.txt\n");
});

/** The writes that a record takes come first: a note, and in place what the file held and is to hold. */
const DRAFT = 2;
const IN_PLACE = 4;

/** A write of 1 MiB that is killed in the middle of one into a file. */
function killed(path: string, inWrite: number): void {
  const command = [process.execPath, "run", SCRIPT, path, record, String(1 << 20), String(inWrite)];
  expect(Bun.spawnSync(command).signalCode).toBe("SIGKILL");
}

const draft = (): string => `${readdirSync(work, { recursive: true }).find((name) => `${name}`.endsWith(".tmp"))}`;

test("a kill in the middle of a replacement leaves the old file, and what is left over is cleared", async () => {
  writeFileSync(at("a.txt"), OLD);
  killed(at("a.txt"), DRAFT);
  expect(readFileSync(at("a.txt")).equals(OLD)).toBe(true);
  expect(statSync(at(draft())).size).toBe(1 << 19);
  expect(readdirSync(work)).toHaveLength(2);
  await unfinished.recover();
  expectOnly("a.txt");
});

test("a kill in the middle of a new file leaves nothing once it is cleared", async () => {
  killed(at("deep/er/a.txt"), DRAFT);
  expect(statSync(at(draft())).size).toBe(1 << 19);
  await unfinished.recover();
  expectOnly();
});

test("a kill in the middle of writing in place is taken back", async () => {
  writeFileSync(at("a.txt"), OLD);
  linkSync(at("a.txt"), at("b.txt"));
  killed(at("a.txt"), IN_PLACE);
  expect(statSync(at("a.txt")).size).toBeGreaterThan(OLD.length);
  expect(readFileSync(at("a.txt")).equals(OLD)).toBe(false);
  await unfinished.recover();
  expect(readFileSync(at("b.txt")).equals(OLD)).toBe(true);
  expectOnly("a.txt", "b.txt");
});

test("a file that somebody wrote to after the kill is theirs", async () => {
  writeFileSync(at("a.txt"), OLD);
  linkSync(at("a.txt"), at("b.txt"));
  killed(at("a.txt"), IN_PLACE);
  expect(statSync(at("a.txt")).size).toBeGreaterThan(OLD.length);
  writeFileSync(at("a.txt"), "mine\n");
  await unfinished.recover();
  expect(readFileSync(at("a.txt"), "utf8")).toBe("mine\n");
  expectOnly("a.txt", "b.txt");
});

test("a replaced file keeps its mode, owner and attributes", async () => {
  writeFileSync(at("a.sh"), "old\n", { mode: 0o751 });
  const root = process.getuid?.() === 0;
  if (root) Bun.spawnSync(["chown", "1234:2345", at("a.sh")]);
  const marked = mark(at("a.sh"));
  const before = statSync(at("a.sh"));
  await overwrite("a.sh", "new\n");
  const after = statSync(at("a.sh"));
  expect(readFileSync(at("a.sh"), "utf8")).toBe("new\n");
  expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid]);
  expect(after.ino).not.toBe(before.ino);
  if (marked) expect(markOf(at("a.sh"))).toBe("kept");
});

/** Sets an attribute, where the file system has them. */
function mark(path: string): boolean {
  return python(`os.setxattr(${JSON.stringify(path)}, "user.test", b"kept")`).success;
}

function markOf(path: string): string {
  return String(python(`print(os.getxattr(${JSON.stringify(path)}, "user.test").decode())`).stdout).trim();
}

function python(line: string): ReturnType<typeof Bun.spawnSync> {
  return Bun.spawnSync(["python3", "-c", `import os; ${line}`]);
}

test("attributes that a new file inherits and the old one does not have are taken away", async () => {
  writeFileSync(at("from"), "");
  writeFileSync(at("to"), "");
  const marked = mark(at("to"));
  const script = `import { copyAttributes } from "${join(import.meta.dir, "../src/attributes.ts")}";
    import { openSync } from "node:fs";
    console.log(copyAttributes(openSync("${at("from")}", "r+"), openSync("${at("to")}", "r+")));`;
  expect(String(Bun.spawnSync([process.execPath, "-e", script]).stdout).trim()).toBe("true");
  if (marked) expect(python(`os.getxattr(${JSON.stringify(at("to"))}, "user.test")`).success).toBe(false);
});

/** As somebody whom modes hold back: root becomes nobody for it. */
function asPlainUser(path: string, size: number): string {
  if (process.getuid?.() !== 0) return written("true", path, size);
  Bun.spawnSync(["chown", "-R", "65534", root]);
  Bun.spawnSync(["chmod", "755", root]);
  const command = [process.execPath, "run", SCRIPT, path, record, String(size)];
  return `${Bun.spawnSync(command, { uid: 65534, gid: 65534 } as never).stdout}`.trim();
}

test("a file in a directory that takes no new files is written in place", () => {
  writeFileSync(at("a.txt"), OLD);
  Bun.spawnSync(["chmod", "555", work]);
  expect(asPlainUser(at("a.txt"), 10)).toBe("written");
  Bun.spawnSync(["chmod", "755", work]);
  expect(readFileSync(at("a.txt"), "utf8")).toBe("n".repeat(10));
  expectOnly("a.txt");
});

test("a file that may only be read is not replaced by one that may be written", () => {
  writeFileSync(at("a.txt"), OLD, { mode: 0o444 });
  expect(asPlainUser(at("a.txt"), 10)).toMatch(/was not changed: EACCES/);
  expect(readFileSync(at("a.txt")).equals(OLD)).toBe(true);
  expectOnly("a.txt");
});

test("a file that another took the place of is asked about again", async () => {
  writeFileSync(at("a.txt"), "one\n");
  const base = await baseOf(at("a.txt"));
  writeFileSync(at("new"), "one more\n");
  Bun.spawnSync(["mv", at("new"), at("a.txt")]);
  const done = writeApproved(base, Buffer.from("two\n"), 0o022, unfinished);
  await expect(done).rejects.toBeInstanceOf(Changed);
  expectOnly("a.txt");
});
