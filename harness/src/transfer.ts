// Owns moving bytes between memory and open files, whole: a short count is not the end of it.

import type { FileHandle } from "node:fs/promises";

/** Writes all bytes from `start` to `end` at their own place in the file. */
export async function writeWhole(
  handle: FileHandle,
  bytes: Buffer,
  start = 0,
  end = bytes.length,
): Promise<void> {
  for (let at = start; at < end; ) {
    at += await uninterrupted(async () => (await handle.write(bytes, at, end - at, at)).bytesWritten);
  }
}

/** The file from its beginning, wherever its position is. */
export async function readWhole(handle: FileHandle): Promise<Buffer> {
  const { size } = await handle.stat();
  // The kernel's own files do not say how long they are.
  if (size === 0) return handle.readFile();
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const count = await uninterrupted(async () => (await handle.read(bytes, at, size - at, at)).bytesRead);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}

/** Turns the file's bytes into others where it lies. What it grows by is taken first: when there is
 * no room for that, nothing of the old content is gone. */
export async function rewrite(handle: FileHandle, from: Buffer, to: Buffer): Promise<void> {
  if (to.length > from.length) await writeWhole(handle, to, from.length);
  await writeWhole(handle, to, 0, Math.min(from.length, to.length));
  await handle.truncate(to.length);
  await handle.sync();
}

async function uninterrupted(work: () => Promise<number>): Promise<number> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EINTR") throw error;
    }
  }
}
