// Owns the chat's TMPDIR being there for each command, whatever the one before did to it.

import {
  chmodSync, closeSync, constants, fstatSync, lchmodSync, lstatSync, mkdirSync, openSync, realpathSync, rmSync,
} from "node:fs";

const PRIVATE = 0o700;
/** Linux's own, which Node does not name: opens what may not even be read. */
const O_PATH = 0o10000000;

/** Makes it again when it is gone, with its mode, and returns its real path. What took its place is
 * removed, not followed. */
export function remakeTempDir(path: string): string {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) {
    if (found) rmSync(path);
    mkdirSync(path, { recursive: true, mode: PRIVATE });
  } else if ((found.mode & 0o777) !== PRIVATE) makePrivate(path);
  return realpathSync(path);
}

function makePrivate(path: string): void {
  if (process.platform !== "linux") return lchmodSync(path, PRIVATE);
  const fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    if (fstatSync(fd).isDirectory()) chmodSync(`/proc/self/fd/${fd}`, PRIVATE);
  } finally {
    closeSync(fd);
  }
}
