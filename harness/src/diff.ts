// Owns the unified diff of two texts. Its effort is bounded whatever the texts are: where they have
// little in common it says that one part becomes another, and it lets others run in between.

import { CONTEXT, DIFF_BYTES, heading, Page, Slices, terminated, UNTERMINATED, type Diff, type Range } from "./difftext.ts";
import { withoutCommonEnds } from "./ends.ts";
import { INLINE_BYTES } from "./lines.gen.ts";
import { Numbers, OnlyOnes } from "./linetables.ts";
import { nothingAlike, replacedWhole } from "./replaced.ts";

/** Differences that are looked for one by one; past that, lines that are the only ones of their kind
 * hold the texts together. */
const SEARCHED = 200;
/** Lines looked at in all; what is left then is shown as replaced whole. */
const BUDGET = 4_000_000;

/** Longer texts are one change between what they begin and end with in common. */
const COMPARED_LENGTH = 8 * 1024 * 1024;

/** A run of lines that both texts have. */
interface Run {
  before: number;
  after: number;
  length: number;
}

/** Lines end at `\n` alone. */
export async function unifiedDiff(name: string, before: string, after: string): Promise<Diff> {
  if (before === after) return { head: "", bytes: 0, whole: async () => "" };
  const slices = new Slices();
  const title = `--- ${name}\n+++ ${name}\n`;
  const middle = withoutCommonEnds(before, after, CONTEXT);
  const long = middle.before.length + middle.after.length > COMPARED_LENGTH;
  if (long || nothingAlike(middle.before, middle.after)) return replacedWhole(title, middle, slices);
  const [a, b] = [await linesOf(middle.before, slices), await linesOf(middle.after, slices)];
  const changes = await compared(a, b, slices);
  const hunks = hunksOf(changes).map((hunk) => new Hunk(hunk, a, b, middle.skipped));
  const head = await written(title, hunks, INLINE_BYTES, slices);
  return { head, bytes: await lengthOf(title, hunks, slices), whole: () => written(title, hunks, DIFF_BYTES, new Slices()) };
}

/** The lines that fit. */
async function written(title: string, hunks: Hunk[], limit: number, slices: Slices): Promise<string> {
  const page = new Page(limit);
  page.put(title);
  for (const hunk of hunks) {
    for (const line of hunk.lines()) {
      if (!page.put(line)) return page.text();
      if (slices.over()) await slices.rest();
    }
  }
  return page.text();
}

async function lengthOf(title: string, hunks: Hunk[], slices: Slices): Promise<number> {
  let bytes = Buffer.byteLength(title);
  for (const hunk of hunks) {
    bytes += hunk.bytes();
    if (slices.over()) await slices.rest();
  }
  return bytes;
}

/** Each line with its line end; only the last may have none. `starts` has one more, the end. */
interface Lines {
  text: string;
  lines: string[];
  starts: number[];
}

async function linesOf(text: string, slices: Slices): Promise<Lines> {
  const lines: string[] = [];
  const starts = [0];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const next = end < 0 ? text.length : end + 1;
    lines.push(text.slice(start, next));
    starts.push(next);
    start = next;
    if (slices.over()) await slices.rest();
  }
  return { text, lines, starts };
}

async function compared(a: Lines, b: Lines, slices: Slices): Promise<Range[]> {
  const numbers = new Numbers(a.lines.length + b.lines.length);
  const numbered = [await numbersOf(a, numbers, slices), await numbersOf(b, numbers, slices)] as const;
  const runs = await new Comparison(...numbered, numbers.count, slices).runs();
  return changesBetween(runs, a.lines.length, b.lines.length);
}

/** Without the lines that its two sides begin and end with in common. */
function trimmed(whole: Range, equal: (a: number, b: number) => boolean): Range {
  let { a, aEnd, b, bEnd } = whole;
  while (a < aEnd && b < bEnd && equal(a, b)) [a, b] = [a + 1, b + 1];
  while (a < aEnd && b < bEnd && equal(aEnd - 1, bEnd - 1)) [aEnd, bEnd] = [aEnd - 1, bEnd - 1];
  return { a, aEnd, b, bEnd };
}

async function numbersOf({ text, lines, starts }: Lines, numbers: Numbers, slices: Slices): Promise<Int32Array> {
  const found = new Int32Array(lines.length);
  for (let at = 0; at < lines.length; at += 1) {
    found[at] = numbers.of(text, lines[at]!, starts[at]!, starts[at + 1]!);
    if (slices.over()) await slices.rest();
  }
  return found;
}

class Comparison {
  private budget = BUDGET;
  private readonly onceInA: OnlyOnes;
  private readonly onceInB: OnlyOnes;

  constructor(
    private readonly a: Int32Array,
    private readonly b: Int32Array,
    numbers: number,
    private readonly slices: Slices,
  ) {
    this.onceInA = new OnlyOnes(a, numbers);
    this.onceInB = new OnlyOnes(b, numbers);
  }

  /** Equal runs, in order. */
  async runs(): Promise<Run[]> {
    const found: Run[] = [];
    const open: Range[] = [{ a: 0, aEnd: this.a.length, b: 0, bEnd: this.b.length }];
    for (let range = open.pop(); range; range = open.pop()) {
      open.push(...this.take(range, found).reverse());
      if (this.slices.over()) await this.slices.rest();
    }
    return found.sort((one, other) => one.before - other.before);
  }

  /** Notes what is equal for certain, and returns the ranges that are to be looked at next. */
  private take(whole: Range, found: Run[]): Range[] {
    const range = this.trimmed(whole, found);
    const [n, m] = [range.aEnd - range.a, range.bEnd - range.b];
    // Of one line each it is known that they differ.
    if (n === 0 || m === 0 || (n === 1 && m === 1) || this.budget <= 0) return [];
    this.budget -= n + m;
    const searched = shortest(this.a.subarray(range.a, range.aEnd), this.b.subarray(range.b, range.bEnd));
    if (searched) {
      for (const run of searched) {
        found.push({ before: run.before + range.a, after: run.after + range.b, length: run.length });
      }
      return [];
    }
    return between(range, this.anchors(range));
  }

  private trimmed(whole: Range, found: Run[]): Range {
    const range = trimmed(whole, (at, other) => this.a[at] === this.b[other]);
    const [head, tail] = [range.a - whole.a, whole.aEnd - range.aEnd];
    if (head > 0) found.push({ before: whole.a, after: whole.b, length: head });
    if (tail > 0) found.push({ before: range.aEnd, after: range.bEnd, length: tail });
    return range;
  }

  /** Lines that are there once in either range, as many as keep their order. */
  private anchors({ a, aEnd, b, bEnd }: Range): Array<{ a: number; b: number }> {
    this.onceInA.look(a, aEnd);
    this.onceInB.look(b, bEnd);
    const pairs: Array<{ a: number; b: number }> = [];
    for (let at = a; at < aEnd; at += 1) {
      const line = this.a[at]!;
      const other = this.onceInB.placeOf(line);
      if (other >= 0 && this.onceInA.placeOf(line) >= 0) pairs.push({ a: at, b: other });
    }
    this.onceInA.forget(a, aEnd);
    this.onceInB.forget(b, bEnd);
    return increasing(pairs);
  }
}

/** The longest part of the pairs, which come in the order of `a`, in which `b` grows as well. */
function increasing(pairs: Array<{ a: number; b: number }>): Array<{ a: number; b: number }> {
  const ends: number[] = [];
  const previous = new Int32Array(pairs.length);
  for (const [at, { b }] of pairs.entries()) {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[ends[middle]!]!.b < b) low = middle + 1;
      else high = middle;
    }
    previous[at] = low > 0 ? ends[low - 1]! : -1;
    ends[low] = at;
  }
  const chosen: Array<{ a: number; b: number }> = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = previous[at]!) chosen.push(pairs[at]!);
  return chosen.reverse();
}

/** What lies between the anchors, each of which begins the range after it. None without anchors. */
function between(range: Range, anchors: Array<{ a: number; b: number }>): Range[] {
  if (anchors.length === 0) return [];
  const starts = [{ a: range.a, b: range.b }, ...anchors];
  const ends = [...anchors, { a: range.aEnd, b: range.bEnd }];
  return starts.map((start, at) => ({ a: start.a, b: start.b, aEnd: ends[at]!.a, bEnd: ends[at]!.b }));
}

/** The equal runs of a shortest edit (Myers), or null when it takes more than `SEARCHED` steps. */
function shortest(a: Int32Array, b: Int32Array): Run[] | null {
  const most = Math.min(SEARCHED, a.length + b.length);
  const reached = new Int32Array(2 * most + 3);
  const history: Int32Array[] = [];
  for (let d = 0; d <= most; d += 1) {
    history.push(reached.slice(most - d, most + d + 3));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reached[most + k]! < reached[most + k + 2]!);
      let x = down ? reached[most + k + 2]! : reached[most + k]! + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) [x, y] = [x + 1, y + 1];
      reached[most + k + 1] = x;
      if (x >= a.length && y >= b.length) return runsBack(history, a.length, b.length);
    }
  }
  return null;
}

/** `history[d]` holds how far each diagonal from -d - 1 to d + 1 had come before step d. */
function runsBack(history: Int32Array[], aEnd: number, bEnd: number): Run[] {
  const runs: Run[] = [];
  let [x, y] = [aEnd, bEnd];
  for (let d = history.length - 1; d >= 0; d -= 1) {
    const reached = (diagonal: number): number => history[d]![diagonal + d + 1]!;
    const k = x - y;
    const down = k === -d || (k !== d && reached(k - 1) < reached(k + 1));
    const startX = d === 0 ? 0 : down ? reached(k + 1) : reached(k - 1) + 1;
    if (x > startX) runs.push({ before: startX, after: startX - k, length: x - startX });
    [x, y] = down ? [startX, startX - k - 1] : [startX - 1, startX - k];
  }
  return runs.reverse();
}

/** Lines from `a` to `aEnd` become those from `b` to `bEnd`. */
function changesBetween(runs: Run[], aLength: number, bLength: number): Range[] {
  const changes: Range[] = [];
  let [a, b] = [0, 0];
  for (const run of [...runs, { before: aLength, after: bLength, length: 0 }]) {
    if (run.before > a || run.after > b) changes.push({ a, aEnd: run.before, b, bEnd: run.after });
    [a, b] = [run.before + run.length, run.after + run.length];
  }
  return changes;
}

/** Changes whose surroundings touch are one hunk. */
function hunksOf(changes: Range[]): Range[][] {
  const hunks: Range[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1);
    if (last && change.a - last.aEnd <= 2 * CONTEXT) hunks.at(-1)!.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

/** Changes with the lines around them. */
class Hunk {
  private readonly lead: number;
  private readonly trail: number;

  constructor(
    private readonly changes: Range[],
    private readonly a: Lines,
    private readonly b: Lines,
    private readonly skipped: number,
  ) {
    this.lead = Math.min(CONTEXT, this.first.a);
    this.trail = Math.min(CONTEXT, a.lines.length - this.last.aEnd);
  }

  *lines(): Generator<string> {
    yield this.heading();
    for (const [sign, { lines }, start, end] of this.parts()) {
      for (let at = start; at < end; at += 1) yield sign + terminated(lines[at]!);
    }
  }

  /** The length of its lines, which are not made for that. */
  bytes(): number {
    let bytes = Buffer.byteLength(this.heading());
    for (const [, { text, starts }, start, end] of this.parts()) {
      bytes += end - start + Buffer.byteLength(text.slice(starts[start], starts[end]));
      if (end > start && starts[end] === text.length && !text.endsWith("\n")) bytes += UNTERMINATED.length;
    }
    return bytes;
  }

  private get first(): Range {
    return this.changes[0]!;
  }

  private get last(): Range {
    return this.changes.at(-1)!;
  }

  private heading(): string {
    const { first, last, lead, trail, skipped } = this;
    const range = { a: first.a - lead, aEnd: last.aEnd + trail, b: first.b - lead, bEnd: last.bEnd + trail };
    return heading(range, skipped);
  }

  private *parts(): Generator<[sign: string, of: Lines, start: number, end: number]> {
    const { a, b, changes } = this;
    yield [" ", a, this.first.a - this.lead, this.first.a];
    for (const [at, change] of changes.entries()) {
      yield ["-", a, change.a, change.aEnd];
      yield ["+", b, change.b, change.bEnd];
      yield [" ", a, change.aEnd, changes[at + 1]?.a ?? change.aEnd + this.trail];
    }
  }
}
