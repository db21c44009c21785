// Owns keeping the agent's commands out of this process: they run as the same user, who may
// otherwise write into its pipes and read its memory.

import { FFIType } from "bun:ffi";

import { messageOf } from "./faults.ts";
import { loadLibc } from "./libc.ts";

const PR_SET_DUMPABLE = 4;

/** Only Linux shows a process's descriptors to its user, and only Linux can be told not to. */
export function seclude(): void {
  if (process.platform !== "linux") return;
  try {
    closeToOthers();
  } catch (error) {
    console.error(`The harness could not be protected from the agent's commands: ${messageOf(error)}`);
  }
}

function closeToOthers(): void {
  const argument = FFIType.i64;
  const { symbols, close } = loadLibc({
    prctl: { args: [FFIType.i32, argument, argument, argument, argument], returns: FFIType.i32 },
  });
  const refused = symbols.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0;
  close();
  if (refused) throw new Error("prctl refused");
}
