// Owns the way out: lines in order, the small pieces of open items merged within a tick.

import { write } from "node:fs";

import type { FromSidecar } from "./lines.gen.ts";
import { encodeLine } from "./lines.ts";

const TICK_MS = 8;
const HIGH_SURROGATE = /[\uD800-\uDBFF]$/;

export type Sink = (bytes: Buffer) => Promise<void>;

/** What everything in the harness tells the daemon through. */
export interface Outlet {
  send(line: FromSidecar): void;
  delta(item: string, text: string): void;
}

export class Outbox implements Outlet {
  private queue: Buffer[] = [];
  private pumping: Promise<void> | null = null;
  private readonly pieces = new Map<string, string>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private flushedAt = 0;

  constructor(private readonly sink: Sink) {}

  send(line: FromSidecar): void {
    this.flush(line.type === "item.close" ? line.item : "");
    this.put(line);
  }

  /** The first piece after a pause goes at once, the next ones of the tick together. */
  delta(item: string, text: string): void {
    if (text === "") return;
    this.pieces.set(item, (this.pieces.get(item) ?? "") + text);
    if (this.timer !== null) return;
    const wait = TICK_MS - (performance.now() - this.flushedAt);
    if (wait <= 0) this.flush();
    else this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Resolves when all that was sent is written. */
  async drained(): Promise<void> {
    this.flush();
    while (this.pumping) await this.pumping;
  }

  private flush(closing = ""): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.pieces.size === 0) return;
    this.flushedAt = performance.now();
    const pieces = [...this.pieces];
    this.pieces.clear();
    for (const [item, text] of pieces) this.putPiece(item, text, item === closing);
  }

  /** Half a character waits for its other half, which the next piece brings. */
  private putPiece(item: string, text: string, last: boolean): void {
    const half = !last && HIGH_SURROGATE.test(text) ? text.slice(-1) : "";
    const whole = text.slice(0, text.length - half.length);
    if (half) this.pieces.set(item, half);
    if (whole) this.put({ type: "item.delta", item, text: whole });
  }

  private put(line: FromSidecar): void {
    this.queue.push(encodeLine(line));
    this.pumping ??= this.pump().finally(() => {
      this.pumping = null;
    });
  }

  private async pump(): Promise<void> {
    await Promise.resolve();
    while (this.queue.length > 0) {
      const bytes = Buffer.concat(this.queue);
      this.queue = [];
      await this.sink(bytes);
    }
  }
}

/** Writes to a descriptor without holding up the event loop when the reader is slow. */
export function descriptorSink(fd: number, onGone: (error: Error) => void): Sink {
  let gone = false;
  return (bytes) =>
    new Promise((resolve) => {
      const step = (offset: number): void => {
        if (gone || offset >= bytes.length) return resolve();
        write(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
          if (!error) return step(offset + written);
          if (error.code === "EAGAIN") return void setTimeout(() => step(offset), 5);
          gone = true;
          resolve();
          onGone(error);
        });
      };
      step(0);
    });
}
