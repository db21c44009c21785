// Owns the pipe that a command writes into. It is a named one for a moment, so that both streams of
// the command share it in order and `/dev/stderr` can be opened, which a socket's cannot.

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const READ_BYTES = 256 * 1024;
/** Read at once; what else is going on has its turn in between. */
const BURST_BYTES = 1024 * 1024;
/** What was written before the end of a command and is still in the pipe is no more than this. */
const REST_BYTES = 1024 * 1024;
const FASTEST_MS = 1;
const SLOWEST_MS = 100;
const TOOLS = "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin";

const run = promisify(execFile);

export async function openPipe(directory: string): Promise<Pipe> {
  const path = join(directory, `output-${randomUUID()}`);
  const env = { PATH: [TOOLS, process.env["PATH"]].filter(Boolean).join(":") };
  await run("mkfifo", ["-m", "600", path], { env });
  try {
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new Pipe(reader, openSync(path, constants.O_WRONLY));
  } finally {
    rmSync(path, { force: true });
  }
}

/** Whoever opens it leaves it. */
export class Pipe {
  private readonly buffer = Buffer.allocUnsafe(READ_BYTES);
  private written = true;
  private ended = false;

  constructor(
    private readonly reader: number,
    readonly writer: number,
  ) {}

  /** Once the command has its end. */
  closeWriter(): void {
    if (this.written) closeSync(this.writer);
    this.written = false;
  }

  /** Reads until the event, then what was written before it and no more. */
  async readUntil(event: Promise<number>, onData: (data: Buffer) => void): Promise<number> {
    let over = false;
    const end = event.finally(() => {
      over = true;
    });
    for (let wait = FASTEST_MS; !over; ) {
      if (this.read(BURST_BYTES, onData) > 0) {
        wait = FASTEST_MS;
        await Bun.sleep(0);
        continue;
      }
      await Promise.race([end, Bun.sleep(wait)]);
      wait = Math.min(wait * 2, SLOWEST_MS);
    }
    this.read(REST_BYTES, onData);
    return event;
  }

  /** What the command has left running goes on writing: into nothing, and not faster than that. */
  leave(): void {
    this.closeWriter();
    this.read(0, () => {});
    const drain = setInterval(() => {
      this.read(READ_BYTES, () => {});
      if (!this.ended) return;
      clearInterval(drain);
      closeSync(this.reader);
    }, SLOWEST_MS);
    drain.unref();
  }

  private read(most: number, onData: (data: Buffer) => void): number {
    let total = 0;
    while (total < most) {
      const count = this.readOnce(Math.min(READ_BYTES, most - total));
      if (count === 0) break;
      total += count;
      onData(Buffer.from(this.buffer.subarray(0, count)));
    }
    return total;
  }

  private readOnce(most: number): number {
    try {
      const count = readSync(this.reader, this.buffer, 0, most, null);
      this.ended = count === 0 && !this.written;
      return count;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
      throw error;
    }
  }
}
