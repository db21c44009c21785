// Owns the loading of the C library, for what neither Node nor Bun offers.

import { dlopen, type FFIFunction, type Library } from "bun:ffi";

import { messageOf } from "./faults.ts";

const LIBRARIES: Partial<Record<NodeJS.Platform, string[]>> = {
  linux: ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"],
  darwin: ["libSystem.B.dylib"],
};

/** Throws when the system has no such library, or the library no such function. */
export function loadLibc<F extends Record<string, FFIFunction>>(functions: F): Library<F> {
  const failures: string[] = [];
  for (const library of LIBRARIES[process.platform] ?? []) {
    try {
      return dlopen(library, functions);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new Error(`The C library cannot be loaded: ${failures.join("; ")}`);
}
