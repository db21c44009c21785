// Owns the search in files: ripgrep finds lines, and a line is shown when it stands in the very file
// that was judged. ripgrep opens files by their paths, and a path may lead elsewhere by then.

import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { basename, join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";
import iconv from "iconv-lite";

import { openFile } from "./paths.ts";
import { linesOf } from "./ripgrep.ts";
import { readWhole } from "./transfer.ts";

/** What the model asks for. */
export interface Wish {
  pattern: string;
  glob?: string;
  ignoreCase?: boolean;
  literal?: boolean;
  context?: number;
  limit?: number;
}

export interface Place {
  rg: string;
  /** The real path of the directory or the file that was judged. */
  real: string;
  isDirectory: boolean;
  signal?: AbortSignal | undefined;
}

/** A line that ripgrep printed: a match, or one beside a match. */
interface Line {
  path: string;
  number: number;
  /** Where it begins in its file, in bytes. */
  offset: number;
  bytes: Buffer;
  matches: boolean;
}

const MATCHES = 100;
const UTF_8_MARK = "efbbbf";

/** The lines found, as the model reads them. */
export async function grep(pi: typeof Pi, wish: Wish, place: Place): Promise<string> {
  const report = new Report(pi, wish);
  const search = place.isDirectory ? searchBelow : searchOne;
  const whole = await search(wish, place, (line) => report.add(line));
  return report.text(whole);
}

type Take = (line: Line) => boolean;

/** Whether everything was looked at; ends early when `take` has enough. */
async function searchBelow(wish: Wish, place: Place, take: Take): Promise<boolean> {
  const opened = new Opened(place.real);
  const lines = linesOf({ ...place, args: [...argsOf(wish), "."], cwd: place.real });
  try {
    let whole = true;
    for (;;) {
      const next = await lines.next();
      if (next.done) return whole && next.value;
      const line = lineIn(next.value);
      if (!line) continue;
      if (!(await opened.has(line))) whole = false;
      else if (!take({ ...line, path: line.path.replace(/^\.\//, "") })) return whole;
    }
  } finally {
    await lines.return(false);
    await opened.close();
  }
}

/** ripgrep is given the open file, so there is nothing to compare. */
async function searchOne(wish: Wish, place: Place, take: Take): Promise<boolean> {
  const file = await openFile(place.real, constants.O_RDONLY);
  try {
    const lines = linesOf({ ...place, args: [...argsOf(wish), "-"], input: file.fd });
    for await (const text of lines) {
      const line = lineIn(text);
      if (line && !take({ ...line, path: basename(place.real) })) break;
    }
    return true;
  } finally {
    await file.close();
  }
}

function argsOf(wish: Wish): string[] {
  const context = Math.min(Math.floor(wish.context ?? 0), Number.MAX_SAFE_INTEGER);
  return [
    "--json",
    ...(wish.ignoreCase ? ["--ignore-case"] : []),
    ...(wish.literal ? ["--fixed-strings"] : []),
    // ripgrep finds nothing by a pattern that begins with `./`.
    ...(wish.glob ? ["--glob", wish.glob.replace(/^(!?)(?:\.\/)+/, "$1")] : []),
    ...(context > 0 ? ["--context", String(context)] : []),
    "--",
    wish.pattern,
  ];
}

type Text = { text: string } | { bytes: string };

interface Printed {
  type: string;
  data: { path: Text; lines: Text; line_number: number; absolute_offset: number };
}

/** Null for what is no line of a file. */
function lineIn(printed: string): Line | null {
  const { type, data } = JSON.parse(printed) as Printed;
  if (type !== "match" && type !== "context") return null;
  return {
    path: bytesIn(data.path).toString(),
    number: data.line_number,
    offset: data.absolute_offset,
    bytes: bytesIn(data.lines),
    matches: type === "match",
  };
}

function bytesIn(text: Text): Buffer {
  return "text" in text ? Buffer.from(text.text) : Buffer.from(text.bytes, "base64");
}

/** The file below a directory whose lines come, opened through no link. */
class Opened {
  private path = "";
  private handle: FileHandle | null = null;
  private decoded: Buffer | null = null;

  constructor(private readonly root: string) {}

  /** Whether the line stands in the file where ripgrep says that it does. */
  async has(line: Line): Promise<boolean> {
    if (line.path !== this.path) await this.open(line.path);
    if (!this.handle) return false;
    const end = line.offset + line.bytes.length;
    if (this.decoded) return this.decoded.subarray(line.offset, end).equals(line.bytes);
    const bytes = Buffer.alloc(line.bytes.length);
    const { bytesRead } = await this.handle.read(bytes, 0, bytes.length, line.offset);
    return bytesRead === bytes.length && bytes.equals(line.bytes);
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = null;
    this.decoded = null;
  }

  private async open(path: string): Promise<void> {
    await this.close();
    this.path = path;
    try {
      this.handle = await openFile(join(this.root, path), constants.O_RDONLY);
    } catch {
      // It is not the file that was searched: removed, a link, a pipe, out of the user's reach.
      return;
    }
    this.decoded = await decodedBy(this.handle);
  }
}

/** A file with a byte order mark as ripgrep searches it: in UTF-8, without the mark. */
async function decodedBy(handle: FileHandle): Promise<Buffer | null> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(3), 0, 3, 0);
  const start = buffer.toString("hex", 0, bytesRead);
  if (start === UTF_8_MARK) return (await readWhole(handle)).subarray(bytesRead);
  if (!/^(fffe|feff)/.test(start)) return null;
  const text = iconv.decode(await readWhole(handle), start.startsWith("fffe") ? "utf-16le" : "utf-16be");
  return Buffer.from(text);
}

/** Collects lines up to the limit of matches and of bytes. */
class Report {
  private readonly shown: string[] = [];
  private readonly limit: number;
  private readonly context: number;
  private bytes = 0;
  private matches = 0;
  private more = false;
  private cut = false;
  private last: Line | null = null;

  constructor(
    private readonly pi: typeof Pi,
    wish: Wish,
  ) {
    this.limit = Math.max(1, Math.floor(wish.limit ?? MATCHES));
    this.context = Math.max(0, Math.floor(wish.context ?? 0));
  }

  /** False when no more lines are wanted. */
  add(line: Line): boolean {
    if (this.matches < this.limit) {
      this.show(line, line.matches);
      if (line.matches) this.matches += 1;
      if (line.matches) this.last = line;
      return true;
    }
    // Beside the last match a line is shown; only another match proves that there is more.
    const end = (this.last?.number ?? 0) + this.context;
    const beside = line.path === this.last?.path && line.number <= end;
    if (beside) this.show(line, false);
    this.more ||= line.matches;
    return !this.more || (beside && line.number < end);
  }

  text(whole: boolean): string {
    const notices = [...this.limits(), ...(whole ? [] : ["Some files could not be searched"])];
    const found = this.matches === 0 ? "No matches found" : this.head().content;
    return found + (notices.length > 0 ? `\n\n[${notices.join(". ")}]` : "");
  }

  private show(line: Line, matches: boolean): void {
    const { text, wasTruncated } = this.pi.truncateLine(line.bytes.toString().replace(/\r?\n?$/, ""));
    this.cut ||= wasTruncated;
    const shown = matches ? `${line.path}:${line.number}: ${text}` : `${line.path}-${line.number}- ${text}`;
    // What lies past the limit of bytes is not shown, so it is not kept.
    if (this.bytes <= this.pi.DEFAULT_MAX_BYTES) this.shown.push(shown);
    this.bytes += Buffer.byteLength(shown) + 1;
  }

  private head(): Pi.TruncationResult {
    return this.pi.truncateHead(this.shown.join("\n"), { maxLines: Number.MAX_SAFE_INTEGER });
  }

  private limits(): string[] {
    const { limit } = this;
    const said: string[] = [];
    if (this.more) said.push(`${limit} matches limit reached. Use limit=${limit * 2} for more, or refine pattern`);
    if (this.head().truncated) said.push(`${this.pi.formatSize(this.pi.DEFAULT_MAX_BYTES)} limit reached`);
    if (this.cut) said.push("Some lines truncated. Use read tool to see full lines");
    return said;
  }
}
