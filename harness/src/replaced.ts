// Owns the diff of texts that are compared no further: all between the lines that they begin and end
// with in common is replaced.

import { CONTEXT, DIFF_BYTES, heading, Page, UNTERMINATED, type Diff, type Slices } from "./difftext.ts";
import { onLines } from "./ends.ts";
import { INLINE_BYTES } from "./lines.gen.ts";

/** Shorter texts are compared line by line; that takes no longer than a person notices. */
const LONG = 512 * 1024;
/** So many lines of one text are looked for in the other. */
const SAMPLES = 16;
/** A shorter line, such as a lone bracket, says nothing. */
const TELLING = 12;
const PIECE_LENGTH = 1024 * 1024;

interface Texts {
  before: string;
  after: string;
  /** So many lines are before either text. */
  skipped: number;
}

interface Part {
  sign: string;
  text: string;
}

/** Whether two long texts have no line in common, as far as a sample tells. */
export function nothingAlike(before: string, after: string): boolean {
  if (Math.min(before.length, after.length) < LONG) return false;
  const lines = samples(after);
  return lines.length === SAMPLES && lines.every((line) => !before.includes(line));
}

/** Lines that tell something, spread over the text, each with the line end before it and its own. */
function samples(text: string): string[] {
  const found: string[] = [];
  for (let nth = 0; nth < SAMPLES; nth += 1) {
    const line = tellingLine(text, Math.floor((text.length * nth) / SAMPLES), text.length / SAMPLES);
    if (line) found.push(line);
  }
  return found;
}

function tellingLine(text: string, from: number, within: number): string {
  for (let start = text.indexOf("\n", from); start >= 0 && start < from + within; ) {
    const end = text.indexOf("\n", start + 1);
    if (end < 0) break;
    const line = text.slice(start, end + 1);
    if (line.trim().length >= TELLING) return line;
    start = end;
  }
  return "";
}

export async function replacedWhole(title: string, texts: Texts, slices: Slices): Promise<Diff> {
  const { lead, trail } = commonLines(texts.before, texts.after);
  const removed = texts.before.slice(lead.length, texts.before.length - trail.length);
  const added = texts.after.slice(lead.length, texts.after.length - trail.length);
  const shown = trail.slice(0, onLines(trail, 0, CONTEXT));
  const parts = [
    { sign: " ", text: lead },
    { sign: "-", text: removed },
    { sign: "+", text: added },
    { sign: " ", text: shown },
  ].filter(({ text }) => text !== "");
  const around = (await linesIn(lead, slices)) + (await linesIn(shown, slices));
  const [fewer, more] = [await linesIn(removed, slices), await linesIn(added, slices)];
  const start = title + heading({ a: 0, aEnd: around + fewer, b: 0, bEnd: around + more }, texts.skipped);
  const bytes = parts.reduce((sum, { text }) => sum + Buffer.byteLength(text) + ending(text).length, Buffer.byteLength(start));
  return {
    head: written(start, parts, INLINE_BYTES),
    bytes: bytes + around + fewer + more,
    whole: async () => written(start, parts, DIFF_BYTES),
  };
}

/** Whole lines that both texts begin and end with. */
function commonLines(before: string, after: string): { lead: string; trail: string } {
  const most = Math.min(before.length, after.length);
  let lead = 0;
  for (let end = lineEnd(before, lead); end <= most && before.slice(lead, end) === after.slice(lead, end); ) {
    lead = end;
    end = lead < most ? lineEnd(before, lead) : most + 1;
  }
  let trail = 0;
  for (let size = lastLine(before, trail); lead + size <= most && before.slice(-size) === after.slice(-size); ) {
    trail = size;
    size = lead + trail < most ? lastLine(before, trail) : most + 1;
  }
  return { lead: before.slice(0, lead), trail: trail ? before.slice(-trail) : "" };
}

/** Where the line ends that begins at a place; past the text for an empty one. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? Math.max(text.length, at + 1) : end + 1;
}

/** How long the end of a text is that begins with the line before its last `length` characters. */
function lastLine(text: string, length: number): number {
  const end = text.length - length;
  return end < 1 ? text.length + 1 : text.length - (end < 2 ? 0 : text.lastIndexOf("\n", end - 2) + 1);
}

async function linesIn(text: string, slices: Slices): Promise<number> {
  let count = text === "" || text.endsWith("\n") ? 0 : 1;
  for (let at = 0; at < text.length; at += PIECE_LENGTH) {
    count += text.slice(at, at + PIECE_LENGTH).split("\n").length - 1;
    if (at > 0) await slices.rest();
  }
  return count;
}

/** The lines that fit. */
function written(start: string, parts: Part[], limit: number): string {
  const page = new Page(limit);
  page.put(start);
  for (const { sign, text } of parts) page.put(signed(sign, text, limit));
  return page.text();
}

/** No more of it than the limit takes: with their signs, so many characters are more bytes. */
function signed(sign: string, text: string, limit: number): string {
  const lines = text.slice(0, limit);
  const unended = lines.endsWith("\n") ? lines.slice(0, -1) : lines;
  const end = lines.length < text.length ? "" : ending(text) || "\n";
  return sign + unended.replaceAll("\n", `\n${sign}`) + end;
}

/** What a diff says after a text without a line end. */
function ending(text: string): string {
  return text.endsWith("\n") ? "" : UNTERMINATED;
}
