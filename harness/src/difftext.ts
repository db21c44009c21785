// Owns how a diff is written down, and the time that its making takes from others.

const SLICE_MS = 15;
const STEPS = 512;
/** So many lines are written down at once. */
const PIECE = 256;
/** A diff is kept whole up to this; far more than a person reads. */
export const DIFF_BYTES = 4 * 1024 * 1024;
/** Lines around a change. */
export const CONTEXT = 4;
export const UNTERMINATED = "\n\\ No newline at end of file\n";

export interface Diff {
  /** Its first lines, as many as a card shows. Empty when the texts are equal. */
  head: string;
  /** The length of all of it in bytes. */
  bytes: number;
  /** Its lines, as many as are kept. They are written down only now. */
  whole: () => Promise<string>;
}

/** Lines of one text that become those of another. */
export interface Range {
  a: number;
  aEnd: number;
  b: number;
  bEnd: number;
}

/** Work in slices of time, between which others run. */
export class Slices {
  private end = performance.now() + SLICE_MS;
  private steps = 0;

  /** Whether it is time to `rest`. Asked often, it looks at the clock seldom. */
  over(): boolean {
    this.steps += 1;
    return this.steps % STEPS === 0 && performance.now() > this.end;
  }

  async rest(): Promise<void> {
    await new Promise(setImmediate);
    this.end = performance.now() + SLICE_MS;
  }
}

/** Lines that are written down, while there is room. */
export class Page {
  private readonly parts: string[] = [];
  private next: string[] = [];

  constructor(private room: number) {}

  /** False when all that comes after it is of no use. */
  put(line: string): boolean {
    this.next.push(line);
    return this.next.length < PIECE || this.write();
  }

  text(): string {
    this.write();
    return this.parts.join("");
  }

  private write(): boolean {
    const bytes = Buffer.from(this.next.join(""));
    const fitting = bytes.subarray(0, this.room);
    this.next = [];
    this.parts.push(fitting.toString("utf8", 0, fitting.lastIndexOf("\n") + 1));
    this.room = bytes.length <= this.room ? this.room - bytes.length : 0;
    return this.room > 0;
  }
}

/** Of a hunk whose texts are so many lines further down. */
export function heading({ a, aEnd, b, bEnd }: Range, skipped: number): string {
  return `@@ -${spanText(skipped + a, skipped + aEnd)} +${spanText(skipped + b, skipped + bEnd)} @@\n`;
}

/** Lines count from one; of no lines the one before them is named. */
function spanText(start: number, end: number): string {
  const length = end - start;
  const at = length === 0 ? start : start + 1;
  return length === 1 ? `${at}` : `${at},${length}`;
}

export function terminated(line: string): string {
  return line.endsWith("\n") ? line : line + UNTERMINATED;
}
