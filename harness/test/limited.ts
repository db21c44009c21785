// Writes one file as an approved call would. Run by tests under a limit, or to die in the middle.
// Arguments: the path, the directory of the record, how many bytes, and which write into a file is cut off
// by a kill, counted from 1. Prints what came of it.

import { open, type FileHandle } from "node:fs/promises";

import { baseOf, writeApproved } from "../src/edits.ts";
import { messageOf } from "../src/faults.ts";
import { Unfinished } from "../src/unfinished.ts";

const [path = "", record = "", size = "0", last = ""] = process.argv.slice(2);
if (last) await dieIn(Number(last));
try {
  await writeApproved(await baseOf(path), Buffer.alloc(Number(size), "n"), 0o022, new Unfinished(record));
  console.log("written");
} catch (error) {
  console.log(messageOf(error));
}

type Write = (bytes: Buffer, at: number, length: number, position: number) => Promise<{ bytesWritten: number }>;

/** Of the write of that number half is done when the process is killed. */
async function dieIn(number: number): Promise<void> {
  const some = await open(import.meta.path);
  const kind = Object.getPrototypeOf(some) as { write: Write };
  await some.close();
  const inner = kind.write;
  let count = 0;
  kind.write = async function (this: FileHandle, bytes, at, length, position) {
    count += 1;
    if (count < number) return inner.call(this, bytes, at, length, position);
    await inner.call(this, bytes, at, length >> 1, position);
    process.kill(process.pid, "SIGKILL");
    return new Promise(() => {});
  };
}
