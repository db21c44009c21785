// Owns commands that are longer than an argument may be: the shell reads them from a file that has
// no name any more, so that what was approved is what runs.

import { randomUUID } from "node:crypto";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Linux takes no longer argument, its end included; others take as much. */
const ARGUMENT_BYTES = 128 * 1024;

export interface Script {
  /** What the shell is given as its command. */
  text: string;
  /** To be the shell's descriptor 3; null when the command fits. The caller closes it. */
  fd: number | null;
}

export function scriptOf(command: string, tempDir: string): Script {
  if (Buffer.byteLength(command) < ARGUMENT_BYTES) return { text: command, fd: null };
  const path = join(tempDir, `command-${randomUUID()}`);
  const fd = openSync(path, "wx+", 0o600);
  try {
    // The command's own processes do not get the descriptor.
    writeAt(fd, Buffer.from(`exec 3<&-; ${command}`));
  } catch (error) {
    closeSync(fd);
    throw error;
  } finally {
    rmSync(path);
  }
  return { text: ". /dev/fd/3", fd };
}

/** From the beginning; the descriptor's position stays there. */
function writeAt(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
}
