// Owns running ripgrep: what it prints, line by line, and why it failed. Nothing is ever downloaded.

import { spawn } from "node:child_process";

import { LineSplitter } from "./lines.ts";

export interface Run {
  rg: string;
  args: string[];
  cwd?: string | undefined;
  /** An open file for it to search, as its standard input. */
  input?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Some places could not be looked at; what was printed of the others is good. */
const IN_PART = 2;

/** Yields the lines of its output and returns whether it looked everywhere. It is stopped when its
 * reader stops. Throws what it complains of: a pattern that is none, a program that is missing. */
export async function* linesOf(run: Run): AsyncGenerator<string, boolean> {
  // With `--no-messages` it complains of what makes the whole search fail, and nothing else.
  const child = spawn(run.rg, ["--no-config", "--no-messages", "--color=never", "--hidden", ...run.args], {
    cwd: run.cwd,
    stdio: [run.input ?? "ignore", "pipe", "pipe"],
    ...(run.signal ? { signal: run.signal } : {}),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`ripgrep cannot be run: ${error.message}`)));
    child.once("close", resolve);
  });
  // It may fail before it is waited for.
  ended.catch(() => {});
  let complaint = "";
  child.stderr!.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  try {
    const lines = new LineSplitter();
    for await (const chunk of child.stdout! as AsyncIterable<Buffer>) yield* lines.push(chunk);
    const code = await ended;
    if (code === IN_PART && complaint) throw new Error(complaint.trim());
    return code !== IN_PART;
  } catch (error) {
    if (run.signal?.aborted) throw new Error("Operation aborted");
    throw error;
  } finally {
    child.kill();
  }
}
