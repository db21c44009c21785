// Owns the output of one command as text for people: decoded, and cut where it becomes too much.

import type { ToolCalls } from "./toolcalls.ts";

const SHOWN_BYTES = 1024 * 1024;

export class OutputStream {
  private readonly decoder = new TextDecoder("utf-8");
  private shown = 0;
  private hidden = 0;

  constructor(
    private readonly calls: ToolCalls,
    private readonly call: string,
  ) {}

  push(data: Buffer): void {
    const room = SHOWN_BYTES - this.shown;
    const head = data.subarray(0, Math.max(0, room));
    this.shown += head.length;
    this.hidden += data.length - head.length;
    if (head.length > 0) this.calls.output(this.call, this.decoder.decode(head, { stream: true }));
  }

  end(): void {
    this.calls.output(this.call, this.decoder.decode());
    if (this.hidden === 0) return;
    this.calls.output(this.call, `\n[${this.hidden} bytes more are not shown]\n`);
  }
}
