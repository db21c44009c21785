// Owns real paths: where a path leads, and opening exactly that.

import { constants } from "node:fs";
import { open, readlink, realpath, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A file is not where it was when the call was allowed. */
export class Moved extends Error {
  constructor(path: string) {
    super(`${path} leads somewhere else than when it was asked about`);
  }
}

/** The path with all links followed; the part that does not exist yet is taken as it is. */
export async function realTarget(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error) || dirname(path) === path) throw error;
    const target = await linkTarget(path);
    if (target !== null) return realTarget(target);
    return join(await realTarget(dirname(path)), basename(path));
  }
}

/** Opens the file that `real` names, through no link. The caller closes it. */
export async function openReal(real: string, flags: number, mode = 0o666): Promise<FileHandle> {
  const handle = await open(real, flags | constants.O_NOFOLLOW, mode);
  const now = await pathOf(handle, real);
  if (now === real) return handle;
  await handle.close();
  throw new Moved(real);
}

/** A path to what is open, whatever its own path leads to by now; the usual one where the system
 * has no such thing. */
export function throughHandle(handle: FileHandle, real: string): string {
  return process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : real;
}

/** What opening says of a socket, of a device that is not there, and of a directory that is to be written. */
const NO_FILE = ["ENXIO", "ENODEV", "EOPNOTSUPP", "EISDIR"];

/** Devices and pipes never end: neither read nor edited. */
export async function openFile(real: string, flags: number): Promise<FileHandle> {
  const handle = await openReal(real, flags | constants.O_NONBLOCK).catch((error) => {
    throw NO_FILE.includes(error.code) ? notRegular(real) : error;
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw notRegular(real);
}

function notRegular(real: string): Error {
  return new Error(`${real} is not a regular file`);
}

export function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** Where a link that leads to nothing points: a write through it would create that. */
async function linkTarget(path: string): Promise<string | null> {
  const target = await readlink(path).catch(() => null);
  if (target === null) return null;
  return target.startsWith("/") ? target : join(dirname(path), target);
}

async function pathOf(handle: FileHandle, path: string): Promise<string> {
  if (process.platform === "linux") return readlink(`/proc/self/fd/${handle.fd}`);
  return realpath(path);
}
