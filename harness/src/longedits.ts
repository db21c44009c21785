// Owns what Pi's edit tool is given in place of long texts. Before it writes, and so before anybody
// is asked, it compares the lines that go with those that come, in a time that grows with the square
// of their number, and nothing else runs meanwhile.

import { randomUUID } from "node:crypto";

export interface Edit {
  oldText: string;
  newText: string;
}

/** A text of the file and what comes in its place, for which Pi sees one word each. Offsets count
 * in the file as it is when all its lines end with LF. */
interface Swap {
  edit: Edit;
  start: number;
  end: number;
  newText: string;
}

/** Pi compares so many lines in no time that anybody would notice. */
const FEW_LINES = 200;

/** The edits of one call. */
export class LongEdits {
  /** What Pi is to carry out. `shorten` changes them, after which Pi looks at them. */
  readonly edits: Edit[];
  private readonly words = new Map<string, string>();

  constructor(given: readonly Edit[]) {
    this.edits = given.map((edit) => ({ ...edit }));
  }

  get shortened(): boolean {
    return this.words.size > 0;
  }

  /** The file as Pi is to see it. Throws for a long text that is not in the file as it is given:
   * Pi would look for one that is like it, and compare the two. */
  shorten(path: string, content: Buffer): Buffer {
    if (this.edits.reduce((sum, edit) => sum + linesOf(edit), 0) <= FEW_LINES) return content;
    const text = content.toString("utf8");
    const plain = withLf(text);
    const swaps = this.edits.flatMap((edit) => swapOf(path, edit, plain)).sort((a, b) => a.start - b.start);
    // Pi says so of those that overlap, and compares nothing.
    if (swaps.some(({ start }, index) => index > 0 && start < swaps[index - 1]!.end)) return content;
    return Buffer.from(this.swapped(text, swaps), "utf8");
  }

  /** What Pi has made of the file, with the texts that it is to hold. */
  restore(text: string): string {
    let whole = text;
    for (const [word, newText] of this.words) whole = whole.replace(word, () => newText);
    return whole;
  }

  private swapped(text: string, swaps: Swap[]): string {
    const place = placesIn(text);
    const parts: string[] = [];
    let at = 0;
    for (const { edit, start, end, newText } of swaps) {
      const [from, word, other] = [place(start), randomUUID(), randomUUID()];
      this.words.set(other, newText.replaceAll("\n", endingAt(text, from)));
      parts.push(text.slice(at, from), word);
      Object.assign(edit, { oldText: word, newText: other });
      at = place(end);
    }
    return [...parts, text.slice(at)].join("");
  }
}

/** None for an edit that Pi refuses anyway, and for one of which every line stays. */
function swapOf(path: string, edit: Edit, content: string): Swap[] {
  const [oldText, newText] = [withLf(edit.oldText), withLf(edit.newText)];
  if (oldText === "" || oldText === newText) return [];
  const start = content.indexOf(oldText);
  if (start < 0) {
    if (linesOf(edit) <= FEW_LINES) return [];
    const lines = oldText.split("\n").length;
    throw new Error(`Could not find the exact text of ${lines} lines in ${path}. A text this long must match exactly.`);
  }
  if (content.includes(oldText, start + 1)) return [];
  return [{ edit, start, end: start + oldText.length, newText }];
}

function linesOf({ oldText, newText }: Edit): number {
  return oldText.split("\n").length + newText.split("\n").length;
}

function withLf(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** Where an offset among lines with LF alone is in the text; to be asked in ascending order. */
function placesIn(text: string): (offset: number) => number {
  let [before, next] = [0, text.indexOf("\r\n")];
  return (offset) => {
    while (next >= 0 && next - before < offset) {
      before += 1;
      next = text.indexOf("\r\n", next + 2);
    }
    return offset + before;
  };
}

/** How the line at a place ends; the last line as the one before it. */
function endingAt(text: string, place: number): string {
  if (!text.includes("\n")) return text.includes("\r") ? "\r" : "\n";
  const behind = text.indexOf("\n", place);
  const feed = behind < 0 ? text.lastIndexOf("\n", place) : behind;
  return text[feed - 1] === "\r" ? "\r\n" : "\n";
}
