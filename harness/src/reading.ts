// Owns reading a file for the model: its bytes, or its text in UTF-8 whatever the file is in.

import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";

import { encodingOf } from "./encodings.ts";
import { openFile, throughHandle } from "./paths.ts";
import { readWhole } from "./transfer.ts";

/** Of a longer file the encoding is not looked for. */
const DECODED_BYTES = 32 * 1024 * 1024;

export function bytesOf(real: string): Promise<Buffer> {
  return reading(real, readWhole);
}

export function textIn(real: string): Promise<Buffer> {
  return reading(real, async (handle) => inUtf8(await readWhole(handle)));
}

/** What kind of picture it is, told by `detect`, which is given a path to this very file. */
export function imageTypeOf<T>(real: string, detect: (path: string) => Promise<T>): Promise<T> {
  return reading(real, (handle) => detect(throughHandle(handle, real)));
}

/** A growing file ends where it ended when it was opened. */
export async function* chunksOf(real: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const handle = await openFile(real, constants.O_RDONLY);
  try {
    const { size } = await handle.stat();
    if (size <= DECODED_BYTES) return yield inUtf8(await readWhole(handle));
    const options = { end: size - 1, ...(signal ? { signal } : {}), autoClose: false };
    yield* handle.createReadStream(options);
  } finally {
    await handle.close();
  }
}

async function reading<T>(real: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await openFile(real, constants.O_RDONLY);
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}

function inUtf8(bytes: Buffer): Buffer {
  const encoding = encodingOf(bytes);
  return encoding.name && !encoding.mixed ? Buffer.from(encoding.decode(bytes), "utf8") : bytes;
}
