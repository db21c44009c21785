// Owns keeping the agent's commands out of this process: they run as the same user, who may
// otherwise write into its pipes and read its memory.

import { dlopen, FFIType } from "bun:ffi";

import { messageOf } from "./faults.ts";

const PR_SET_DUMPABLE = 4;
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Only Linux shows a process's descriptors to its user, and only Linux can be told not to. */
export function seclude(): void {
  if (process.platform !== "linux") return;
  const failures: string[] = [];
  for (const library of LIBRARIES) {
    try {
      return closeToOthers(library);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  console.error(`Commands of the agent could reach into the harness: ${failures.join("; ")}`);
}

function closeToOthers(library: string): void {
  const argument = FFIType.i64;
  const { symbols, close } = dlopen(library, {
    prctl: { args: [FFIType.i32, argument, argument, argument, argument], returns: FFIType.i32 },
  });
  const refused = symbols.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0;
  close();
  if (refused) throw new Error("prctl refused");
}
