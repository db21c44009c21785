// Owns how much the commands of a turn keep of their outputs on disk, all of them together: what is
// the oldest goes first. Only what is long has a file.

import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** In the chat's own directory. */
const OUTPUT_LOG = /^pi-bash-.*\.log$/;

interface Log {
  path: string;
  bytes: number;
  at: number;
}

export class Outputs {
  private running = 0;
  /** By the commands that run, and by those that ran beside them. */
  private written = 0;
  private reserved = 0;
  private finished: Log[] = [];

  constructor(
    private readonly directory: string,
    readonly mostBytes: number,
  ) {}

  /** A command begins, and keeps room for its tail. */
  begin(tail: number): void {
    if (this.running === 0) {
      this.written = 0;
      this.finished = logsIn(this.directory);
    }
    this.running += 1;
    this.reserved += tail;
  }

  /** Its tail is about to be written. */
  end(tail: number, used: number): void {
    this.running -= 1;
    this.reserved -= tail;
    this.take(used);
  }

  /** Makes room for so many bytes; returns how many of them may be written. */
  take(bytes: number): number {
    const allowed = Math.max(0, Math.min(bytes, this.mostBytes - this.reserved - this.written));
    this.written += allowed;
    const kept = (): number => this.finished.reduce((sum, log) => sum + log.bytes, this.written);
    while (this.finished.length > 0 && kept() > this.mostBytes) {
      discard(this.finished.shift()!.path);
    }
    return allowed;
  }

  /** The turn is over: what people see of the outputs is stored with their items. */
  remove(): void {
    for (const { path } of logsIn(this.directory)) discard(path);
  }
}

/** A command may have closed the directory: then the file goes with the chat. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    console.error(error);
  }
}

/** Named as Pi names its own. */
export function logPath(directory: string, name: string): string {
  return join(directory, `pi-bash-${name}.log`);
}

/** The oldest first; none where a command has removed, replaced or closed the directory. */
function logsIn(directory: string): Log[] {
  try {
    return found(directory).sort((one, other) => one.at - other.at);
  } catch {
    return [];
  }
}

function found(directory: string): Log[] {
  const names = readdirSync(directory).filter((name) => OUTPUT_LOG.test(name));
  return names.flatMap((name) => {
    const path = join(directory, name);
    const file = statSync(path, { throwIfNoEntry: false });
    return file ? [{ path, bytes: file.size, at: file.mtimeMs }] : [];
  });
}
