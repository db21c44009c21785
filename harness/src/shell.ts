// Owns the running of a command: a process group of its own, output through a private file, done
// when the command exits, whatever its descendants still write. No time limit but the caller's.

import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, rmSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { join } from "node:path";

import { underMask } from "./environment.ts";
import type { Groups } from "./groups.ts";

const READ_BYTES = 256 * 1024;
const FASTEST_MS = 10;
const SLOWEST_MS = 100;
/** A longer timer fires at once. */
const LONGEST_TIMER_S = 2_147_483;

export interface Command {
  shell: string;
  args: string[];
  cwd: string;
  env: Record<string, string | undefined>;
  tempDir: string;
  umask: number;
  item: string;
  onData: (data: Buffer) => void;
  signal?: AbortSignal | undefined;
  /** Seconds that the caller allows; none by default. */
  timeout?: number | undefined;
}

/** Resolves with the exit code. Throws `aborted` or `timeout:<seconds>`, as Pi expects. */
export async function runCommand(command: Command, groups: Groups): Promise<number> {
  if (command.signal?.aborted) throw new Error("aborted");
  if (command.timeout !== undefined && !(command.timeout > 0)) {
    throw new Error("Invalid timeout: must be a positive number of seconds");
  }
  const path = join(command.tempDir, `output-${randomUUID()}`);
  const output = openSync(path, "ax+", 0o600);
  try {
    return await runInto(output, command, groups);
  } finally {
    closeSync(output);
    rmSync(path, { force: true });
  }
}

async function runInto(output: number, command: Command, groups: Groups): Promise<number> {
  const child = start(output, command);
  const exited = exitOf(child);
  const pgid = child.pid;
  if (pgid === undefined) return exited;
  groups.started(pgid, command.item);
  const ending = endings(command, () => groups.end(pgid));
  const tail = new Tail(output, command.onData);
  try {
    const code = await tail.until(exited);
    await ending.settled();
    if (ending.why) throw new Error(ending.why);
    return code;
  } finally {
    ending.disarm();
    groups.leaderExited(pgid);
  }
}

function start(output: number, command: Command): ChildProcess {
  const stdio: StdioOptions = ["ignore", output, output];
  const env = command.env as NodeJS.ProcessEnv;
  return underMask(command.umask, () =>
    spawn(command.shell, command.args, { cwd: command.cwd, env, stdio, detached: true }),
  );
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal ? osConstants.signals[signal] : 0));
    });
  });
}

interface Endings {
  why: string;
  settled(): Promise<void>;
  disarm(): void;
}

/** What may end a command early: the stop button, or the time the model gave it. */
function endings(command: Command, end: () => Promise<void>): Endings {
  let ended: Promise<void> = Promise.resolve();
  const endWith = (why: string): void => {
    if (state.why) return;
    state.why = why;
    ended = end();
  };
  const onAbort = (): void => endWith("aborted");
  const { timeout = Number.POSITIVE_INFINITY } = command;
  const timer =
    timeout > LONGEST_TIMER_S
      ? undefined
      : setTimeout(() => endWith(`timeout:${timeout}`), timeout * 1000);
  command.signal?.addEventListener("abort", onAbort, { once: true });
  const state: Endings = {
    why: "",
    settled: () => ended,
    disarm: () => {
      clearTimeout(timer);
      command.signal?.removeEventListener("abort", onAbort);
    },
  };
  return state;
}

/** Follows a growing file: quickly while it grows, lazily while it rests. */
class Tail {
  private position = 0;
  private readonly buffer = Buffer.allocUnsafe(READ_BYTES);

  constructor(
    private readonly fd: number,
    private readonly onData: (data: Buffer) => void,
  ) {}

  /** Reads until the event, then what was written before it and no more. */
  async until(event: Promise<number>): Promise<number> {
    let over = false;
    const end = event.finally(() => {
      over = true;
    });
    for (let wait = FASTEST_MS; !over; ) {
      wait = this.read() ? FASTEST_MS : Math.min(wait * 2, SLOWEST_MS);
      await Promise.race([end, Bun.sleep(wait)]);
    }
    const size = fstatSync(this.fd).size;
    while (this.position < size && this.read(size)) await Bun.sleep(0);
    return event;
  }

  private read(limit = Number.POSITIVE_INFINITY): boolean {
    const wanted = Math.min(READ_BYTES, limit - this.position);
    const count = readSync(this.fd, this.buffer, 0, wanted, this.position);
    this.position += count;
    if (count > 0) this.onData(Buffer.from(this.buffer.subarray(0, count)));
    return count > 0;
  }
}
