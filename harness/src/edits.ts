// Owns changes to files: what a file is before, what it would become, and writing exactly that.

import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

import { messageOf } from "./faults.ts";
import { unifiedDiff } from "./diff.ts";
import type { Diff } from "./difftext.ts";
import { encodingOf, encodeWhole, type Encoding } from "./encodings.ts";
import { isMissing, Moved, openFile, openReal, realTarget } from "./paths.ts";
import { createFile, Displaced, replaceContent } from "./replacing.ts";
import { readWhole } from "./transfer.ts";
import type { Unfinished } from "./unfinished.ts";

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

/** What a file becomes: the bytes that are written, and what a person is shown. */
export interface Change {
  after: Buffer;
  diff: Diff;
  /** Of the file; empty for UTF-8. */
  encoding: string;
}

/** Takes the file in. `content` is what the change was made from, when that was read already. */
export async function baseOf(path: string, content?: Buffer): Promise<Base> {
  const real = await realTarget(path);
  const { parent, parentId } = await parentOf(real);
  return { path: real, content: content ?? (await contentOf(real)), parent, parentId };
}

/** The file as UTF-8, from which `editOf` finds the way back. */
export function textOf(base: Base): Buffer {
  const content = base.content ?? Buffer.alloc(0);
  const encoding = encodingOf(content);
  return encoding.name ? Buffer.from(encoding.decode(content), "utf8") : content;
}

/** Some of the text of `textOf` is another now; what is the same has the same bytes as before. */
export async function editOf(base: Base, text: string, shown: string): Promise<Change> {
  const encoding = encodingOf(base.content);
  return changeOf(base, encoding, encoding.encode(text), shown);
}

/** All of the file is another text, in the encoding that the file has. */
export async function rewriteOf(base: Base, text: string, shown: string): Promise<Change> {
  const encoding = encodingOf(base.content);
  return changeOf(base, encoding, encodeWhole(encoding, text, base.content), shown);
}

async function changeOf(base: Base, encoding: Encoding, after: Buffer, shown: string): Promise<Change> {
  const textIn = (bytes: Buffer): string => encoding.shown(encoding.decode(bytes));
  const before = textIn(base.content ?? Buffer.alloc(0));
  return { after, diff: await unifiedDiff(shown, before, textIn(after)), encoding: encoding.name };
}

export function hashOf(content: Buffer | string | null): string {
  return content === null ? "none" : createHash("sha256").update(content).digest("hex");
}

/** Writes what was approved, whole or not at all, unless the file or its directory is another one
 * by now. */
export async function writeApproved(
  base: Base,
  after: Buffer,
  umask: number,
  unfinished: Unfinished,
): Promise<void> {
  try {
    await verify(base);
    if (base.content === null) await createFile(base.path, after, umask, unfinished);
    else await overwriteFile(base, base.content, after, unfinished);
  } catch (error) {
    throw failureOf(base, error);
  }
}

async function verify(base: Base): Promise<void> {
  const now = await parentOf(base.path);
  if (now.parent !== base.parent || now.parentId !== base.parentId) throw new Changed(base.path);
  if ((await realTarget(base.path)) !== base.path) throw new Changed(base.path);
}

async function overwriteFile(base: Base, content: Buffer, after: Buffer, unfinished: Unfinished): Promise<void> {
  const handle = await openReal(base.path, constants.O_RDWR);
  await using(handle, async () => {
    if (!(await readWhole(handle)).equals(content)) throw new Changed(base.path);
    await replaceContent(base.path, handle, content, after, unfinished);
  });
}

/** A file that is not what was approved is asked about again; else the reason it was not written. */
function failureOf(base: Base, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const moved = error instanceof Moved || error instanceof Displaced || error instanceof Changed;
  if (moved || code === "EEXIST" || code === "ELOOP" || isMissing(error)) return new Changed(base.path);
  const what = base.content === null ? "created" : "changed";
  return new Error(`${base.path} was not ${what}: ${messageOf(error)}`);
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
  throw new Error(`${path} has ${size} bytes; files over ${CHANGEABLE_BYTES} bytes cannot be changed with this tool`);
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
