// Owns changes to files: what a file is before, what it would become, and writing exactly that.

import { createHash } from "node:crypto";
import { constants, mkdirSync } from "node:fs";
import { lstat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

import { underMask } from "./environment.ts";
import { cutText } from "./lines.ts";
import { isMissing, Moved, openFile, openReal, realTarget } from "./paths.ts";

const DIFF_BYTES = 64 * 1024;
const DIFFABLE_BYTES = 2 * 1024 * 1024;
/** A change is worked out in memory, a few times over. */
const CHANGEABLE_BYTES = 32 * 1024 * 1024;

/** The file or its directory is not what was approved. */
export class Changed extends Error {
  constructor(path: string) {
    super(`${path} changed while the call waited for its answer`);
  }
}

/** A file as it was when the change was worked out. `content` is null when there was none. */
export interface Base {
  path: string;
  content: Buffer | null;
  /** The nearest directory that exists, and which one it is. */
  parent: string;
  parentId: string;
}

export type Differ = (path: string, before: string, after: string) => string;

/** Takes the file in. `content` is what the change was made from, when that was read already. */
export async function baseOf(path: string, content?: Buffer): Promise<Base> {
  const real = await realTarget(path);
  const { parent, parentId } = await parentOf(real);
  return { path: real, content: content ?? (await contentOf(real)), parent, parentId };
}

export function diffOf(base: Base, after: string, shown: string, differ: Differ): string {
  const before = base.content ?? Buffer.alloc(0);
  if (before.length + Buffer.byteLength(after) > DIFFABLE_BYTES) return sizesOf(shown, base, after);
  const text = before.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(before)) return sizesOf(shown, base, after);
  return cutText(differ(shown, text, after), DIFF_BYTES);
}

export function hashOf(content: Buffer | string | null): string {
  return content === null ? "none" : createHash("sha256").update(content).digest("hex");
}

/** Writes what was approved, unless the file or its directory is another one by now. */
export async function writeApproved(base: Base, after: string, umask: number): Promise<void> {
  await verify(base);
  if (base.content === null) await createFile(base, after, umask);
  else await overwriteFile(base, base.content, after);
}

async function verify(base: Base): Promise<void> {
  const now = await parentOf(base.path);
  if (now.parent !== base.parent || now.parentId !== base.parentId) throw new Changed(base.path);
  if ((await realTarget(base.path)) !== base.path) throw new Changed(base.path);
}

async function createFile(base: Base, after: string, umask: number): Promise<void> {
  underMask(umask, () => mkdirSync(dirname(base.path), { recursive: true }));
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  const handle = await openUnmoved(base, flags, 0o600);
  await using(handle, async () => {
    await handle.writeFile(after);
    await handle.chmod(0o666 & ~umask);
  });
}

async function overwriteFile(base: Base, content: Buffer, after: string): Promise<void> {
  const handle = await openUnmoved(base, constants.O_RDWR, 0);
  await using(handle, async () => {
    if (!(await handle.readFile()).equals(content)) throw new Changed(base.path);
    await handle.truncate(0);
    await handle.write(after, 0);
  });
}

async function openUnmoved(base: Base, flags: number, mode: number): Promise<FileHandle> {
  try {
    return await openReal(base.path, flags, mode);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const moved = error instanceof Moved || code === "EEXIST" || code === "ELOOP" || isMissing(error);
    throw moved ? new Changed(base.path) : error;
  }
}

async function using<T>(handle: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await handle.close();
  }
}

async function contentOf(path: string): Promise<Buffer | null> {
  try {
    const handle = await openFile(path, constants.O_RDONLY);
    return await using(handle, () => readChangeable(handle, path));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function readChangeable(handle: FileHandle, path: string): Promise<Buffer> {
  const { size } = await handle.stat();
  if (size <= CHANGEABLE_BYTES) return handle.readFile();
  throw new Error(`${path} has ${size} bytes; files over ${CHANGEABLE_BYTES} are not changed here`);
}

async function parentOf(path: string): Promise<{ parent: string; parentId: string }> {
  const parent = dirname(path);
  try {
    const found = await lstat(parent, { bigint: true });
    return { parent, parentId: `${found.dev}:${found.ino}` };
  } catch (error) {
    if (!isMissing(error) || parent === path) throw error;
    return parentOf(parent);
  }
}

function sizesOf(shown: string, base: Base, after: string): string {
  const before = base.content === null ? "no file" : `${base.content.length} bytes`;
  return `--- ${shown}\n+++ ${shown}\n@@ too large or not text: ${before} becomes ${Buffer.byteLength(after)} bytes @@\n`;
}
