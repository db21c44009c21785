// Owns the running of a command: a process group of its own, output through a pipe, so that one that
// floods waits for us, done when the command exits, whatever its descendants still write. No time
// limit but the caller's.

import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync } from "node:fs";
import { constants as osConstants } from "node:os";

import { underMask } from "./environment.ts";
import type { Groups } from "./groups.ts";
import type { Confinement } from "./lines.gen.ts";
import { openPipe, type Pipe } from "./pipe.ts";
import { scriptOf, type Script } from "./script.ts";
import { remakeTempDir } from "./tempdir.ts";

/** A longer timer fires at once. */
const LONGEST_TIMER_S = 2_147_483;

/** What holds a command that nobody was asked about. */
export interface Held {
  confinement: Confinement | null;
  wrapper: string[];
}

export const NOT_HELD: Held = { confinement: null, wrapper: [] };

export interface Command {
  shell: string;
  args: string[];
  /** What the shell is to run, after `args`. */
  text: string;
  held: Held;
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
  remakeTempDir(command.tempDir);
  const pipe = await openPipe(command.tempDir);
  try {
    return await runInto(pipe, command, groups);
  } finally {
    pipe.leave();
  }
}

async function runInto(pipe: Pipe, command: Command, groups: Groups): Promise<number> {
  const child = start(pipe.writer, command);
  pipe.closeWriter();
  const exited = exitOf(child);
  const pgid = child.pid;
  if (pgid === undefined) return exited;
  groups.started(pgid, command.item);
  const ending = endings(command, () => groups.end(pgid));
  try {
    const code = await pipe.readUntil(exited, command.onData);
    await ending.settled();
    if (ending.why) throw new Error(ending.why);
    return code;
  } finally {
    ending.disarm();
    groups.leaderExited(pgid);
  }
}

function start(output: number, command: Command): ChildProcess {
  const script = scriptOf(command.text, command.tempDir);
  try {
    return startScript(output, command, script);
  } finally {
    if (script.fd !== null) closeSync(script.fd);
  }
}

function startScript(output: number, command: Command, script: Script): ChildProcess {
  const stdio: StdioOptions = ["ignore", output, output, ...(script.fd === null ? [] : [script.fd])];
  const { confinement, wrapper } = command.held;
  if (confinement?.boxed && wrapper.length === 0) throw new Error("The command was to run in a box, but the daemon sent none.");
  const env = { ...command.env, ...confinement?.environment } as NodeJS.ProcessEnv;
  const [program = "", ...args] = [...wrapper, command.shell, ...command.args, script.text];
  return underMask(command.umask, () =>
    spawn(program, args, { cwd: command.cwd, env, stdio, detached: true }),
  );
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(startFailure(error)));
    child.once("exit", (code, signal) => {
      resolve(code ?? 128 + (signal ? osConstants.signals[signal] : 0));
    });
  });
}

function startFailure(error: Error): Error {
  if ((error as NodeJS.ErrnoException).code !== "E2BIG") return error;
  return new Error("The command was not started: its environment is too large for the system (E2BIG).");
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
