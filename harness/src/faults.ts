// Owns the errors that answer a request line.

import type { LineError } from "./lines.gen.ts";

/** A request that failed for a reason the daemon can tell a person. */
export class LineFault extends Error {
  constructor(
    readonly fault: string,
    message: string,
    readonly data: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export function lineError(error: unknown): LineError {
  if (error instanceof LineFault) {
    return { name: error.fault, message: error.message, data: error.data };
  }
  return { name: "HarnessFailed", message: messageOf(error), data: { harness: "pi" } };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** All of it for the log, and the sentence last: that is what a person is shown. */
export function lastWords(error: unknown): string {
  return `${Bun.inspect(error)}\n${messageOf(error).trim()}`;
}
