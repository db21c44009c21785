// Owns writing a user's file whole or not at all.
//
// A new content is written beside the file, with everything the file bears, and takes its place in
// one step. Four kinds of file are written in place instead, with copies of both contents kept by
// the record (`unfinished.ts`) until the end: one with further names (hard links), of which each would otherwise
// keep its own content; one whose owner or attributes we may not give to another file; one in a
// directory that takes no new files; and one that is a mount point, which nothing can replace.

import { existsSync, mkdirSync, type BigIntStats } from "node:fs";
import { link, lstat, rename, rm, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { copyAttributes } from "./attributes.ts";
import { Directory } from "./directory.ts";
import { underMask } from "./environment.ts";
import { messageOf } from "./faults.ts";
import { isMissing } from "./paths.ts";
import { rewrite, writeWhole } from "./transfer.ts";
import { removeEmpty, temporaryName, type Unfinished } from "./unfinished.ts";

/** The directory takes no new file. */
const CLOSED = ["EACCES", "EPERM", "EROFS"];
/** The name cannot be given to another file. */
const FIXED = ["EBUSY", "EXDEV", "EACCES", "EPERM"];
const UNLINKABLE = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"];

/** The name leads to another file, or the file was written to, since it was looked at. */
export class Displaced extends Error {}

/** Makes a file that is not there yet, and the directories above it. Throws EEXIST when it is. */
export async function createFile(
  path: string,
  bytes: Buffer,
  umask: number,
  unfinished: Unfinished,
): Promise<void> {
  const draft = new Draft(path);
  const begun = await unfinished.begin({ path, temporary: draft.path, made: missingAbove(path) });
  const made: string[] = [];
  let whole = false;
  try {
    for (const directory of missingAbove(path)) {
      underMask(umask, () => mkdirSync(directory));
      made.push(directory);
    }
    await draft.open();
    await draft.fill(bytes);
    await draft.file.chmod(0o666 & ~umask);
    await draft.file.sync();
    await draft.takeFreeName();
    whole = true;
  } finally {
    await draft.close();
    if (!whole) await removeEmpty(made);
    await begun.done();
  }
}

/** Gives the open file at `path` other bytes than `before`, which it has now. */
export async function replaceContent(
  path: string,
  handle: FileHandle,
  before: Buffer,
  after: Buffer,
  unfinished: Unfinished,
): Promise<void> {
  const found = await handle.stat({ bigint: true });
  if (found.nlink === 1n && (await replaced(path, handle, found, after, unfinished))) return;
  const inPlace = { device: String(found.dev), inode: String(found.ino) };
  const begun = await unfinished.begin({ path, inPlace }, { before, after });
  try {
    await rewrite(handle, before, after);
  } catch (error) {
    await putBack(path, handle, before, begun.before, error);
    await begun.done();
    throw error;
  }
  await begun.done();
}

/** False when the file cannot be replaced by another that is like it. */
async function replaced(
  path: string,
  handle: FileHandle,
  found: BigIntStats,
  after: Buffer,
  unfinished: Unfinished,
): Promise<boolean> {
  const draft = new Draft(path);
  const begun = await unfinished.begin({ path, temporary: draft.path });
  try {
    if (!(await unless(CLOSED, () => draft.open()))) return false;
    await draft.fill(after);
    if (!(await unless(["EPERM", "EINVAL"], () => draft.dress(found)))) return false;
    if (!copyAttributes(handle.fd, draft.file.fd)) return false;
    await draft.file.sync();
    await draft.checkUntouched(handle, found);
    return await unless(FIXED, () => draft.takeName());
  } finally {
    await draft.close();
    await begun.done();
  }
}

async function putBack(
  path: string,
  handle: FileHandle,
  before: Buffer,
  copy: string,
  cause: unknown,
): Promise<void> {
  try {
    await rewrite(handle, before, before);
  } catch (error) {
    const what = `${messageOf(cause)}; putting its old content back failed as well: ${messageOf(error)}`;
    throw new Error(`${path} is damaged: ${what}. Its old content is in ${copy}`);
  }
}

/** A file under a name of its own, beside the one whose name it is to take. */
class Draft {
  readonly path: string;
  private readonly own = temporaryName();
  private directory: Directory | null = null;
  private opened: FileHandle | null = null;

  constructor(private readonly target: string) {
    this.path = join(dirname(target), this.own);
  }

  get file(): FileHandle {
    if (!this.opened) throw new Error("The draft is not open");
    return this.opened;
  }

  private get place(): Directory {
    if (!this.directory) throw new Error("The draft is not open");
    return this.directory;
  }

  async open(): Promise<void> {
    this.directory = await Directory.open(dirname(this.target));
    this.opened = await this.directory.create(this.own);
  }

  fill(bytes: Buffer): Promise<void> {
    return writeWhole(this.file, bytes);
  }

  /** The mode comes last: a change of owner takes some of it away. */
  async dress(as: BigIntStats): Promise<void> {
    const { uid, gid } = await this.file.stat({ bigint: true });
    if (uid !== as.uid || gid !== as.gid) await this.file.chown(Number(as.uid), Number(as.gid));
    await this.file.chmod(Number(as.mode & 0o7777n));
  }

  async checkUntouched(handle: FileHandle, found: BigIntStats): Promise<void> {
    const now = await handle.stat({ bigint: true });
    const named = await lstat(this.place.at(basename(this.target)), { bigint: true });
    const same = named.ino === found.ino && named.dev === found.dev && now.size === found.size;
    if (!same || now.mtimeNs !== found.mtimeNs) throw new Displaced(this.target);
  }

  async takeName(): Promise<void> {
    await rename(this.place.at(this.own), this.place.at(basename(this.target)));
    await this.place.sync();
  }

  /** Of a file that nobody made meanwhile; throws EEXIST. */
  async takeFreeName(): Promise<void> {
    const name = this.place.at(basename(this.target));
    if (await unless(UNLINKABLE, () => link(this.place.at(this.own), name))) return this.place.sync();
    // No file may have two names here, so the look and the taking are two steps.
    if (await lstat(name).catch(ignoreMissing)) throw Object.assign(new Error(name), { code: "EEXIST" });
    await this.takeName();
  }

  /** Leaves nothing under its own name. */
  async close(): Promise<void> {
    await this.opened?.close();
    if (this.opened) await rm(this.place.at(this.own), { force: true });
    await this.directory?.close();
  }
}

/** Directories that are missing above a path, the outermost first. */
function missingAbove(path: string): string[] {
  const directory = dirname(path);
  return existsSync(directory) ? [] : [...missingAbove(directory), directory];
}

/** False when it failed for one of these reasons. */
async function unless(codes: string[], work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (codes.includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

function ignoreMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}
