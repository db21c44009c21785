// Owns what is kept of a command's output: for people its head and its tail as text, for the agent the
// same of much more, in the agent's own file. What is left out in the middle is said.

import type { Outputs } from "./outputs.ts";
import type { ToolCalls } from "./toolcalls.ts";

const SHOWN_BYTES = 1024 * 1024;
const SHOWN_TAIL_BYTES = 64 * 1024;
const KEPT_TAIL_BYTES = 1024 * 1024;
/** No file is written for so little. */
const UNWRITTEN_BYTES = 32 * 1024;

/** Lets the head of a stream through and holds its tail back. */
class HeadAndTail {
  leftOut = 0;
  private given = 0;
  private held = 0;
  private readonly tail: Buffer[] = [];

  /** `room` says how much more of the head there may be, when so many bytes come. */
  constructor(
    private readonly room: (given: number, bytes: number) => number,
    private readonly tailBytes: number,
  ) {}

  /** The part that belongs to the head. */
  push(data: Buffer): Buffer {
    const whole = this.held === 0 && this.leftOut === 0;
    const head = data.subarray(0, whole ? Math.max(0, this.room(this.given, data.length)) : 0);
    this.given += head.length;
    this.hold(data.subarray(head.length));
    return head;
  }

  rest(): Buffer {
    return Buffer.concat(this.tail);
  }

  private hold(data: Buffer): void {
    if (data.length === 0) return;
    this.tail.push(data);
    this.held += data.length;
    while (this.held > this.tailBytes) {
      const first = this.tail[0] as Buffer;
      const cut = Math.min(first.length, this.held - this.tailBytes);
      if (cut === first.length) this.tail.shift();
      else this.tail[0] = first.subarray(cut);
      this.held -= cut;
      this.leftOut += cut;
    }
  }
}

/** Decoded as it comes. */
export class OutputStream {
  private readonly decoder = new TextDecoder("utf-8");
  private readonly kept = new HeadAndTail((given) => SHOWN_BYTES - given, SHOWN_TAIL_BYTES);

  constructor(
    private readonly calls: ToolCalls,
    private readonly call: string,
  ) {}

  push(data: Buffer): void {
    const head = this.kept.push(data);
    if (head.length > 0) this.calls.output(this.call, this.decoder.decode(head, { stream: true }));
  }

  end(): void {
    const { leftOut } = this.kept;
    if (leftOut > 0) this.say(`${this.decoder.decode()}\n[${leftOut} bytes more are not shown]\n`);
    this.say(this.decoder.decode(this.kept.rest()));
  }

  private say(text: string): void {
    this.calls.output(this.call, text);
  }
}

/** What the agent gets, all of which is written to a file when it is long. */
export class CappedOutput {
  private readonly kept: HeadAndTail;
  private readonly tailBytes: number;

  constructor(
    private readonly outputs: Outputs,
    private readonly give: (data: Buffer) => void,
  ) {
    this.tailBytes = Math.min(KEPT_TAIL_BYTES, Math.floor(outputs.mostBytes / 2));
    let counted = 0;
    const room = (given: number, bytes: number): number => {
      if (given + bytes <= UNWRITTEN_BYTES) return bytes;
      // A file has what came before it, too.
      const before = given - counted;
      const allowed = Math.max(0, outputs.take(before + bytes) - before);
      counted = given + allowed;
      return allowed;
    };
    this.kept = new HeadAndTail(room, this.tailBytes);
    outputs.begin(this.tailBytes);
  }

  push(data: Buffer): void {
    const head = this.kept.push(data);
    if (head.length > 0) this.give(head);
  }

  /** The last line says what is missing: that is where the agent looks. */
  end(): void {
    const { leftOut } = this.kept;
    const rest = this.kept.rest();
    this.outputs.end(this.tailBytes, rest.length);
    if (leftOut > 0) this.give(Buffer.from(`\n[${leftOut} bytes are left out here]\n`));
    if (rest.length > 0) this.give(rest);
    if (leftOut === 0) return;
    const { mostBytes } = this.outputs;
    const most = mostBytes >= 1e6 ? `${Math.round(mostBytes / 1e6)} MB` : `${mostBytes} bytes`;
    this.give(Buffer.from(`\n[The output was longer than ${most}: ${leftOut} bytes before its end were left out.]\n`));
  }
}
