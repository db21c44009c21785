// Owns framing: bytes from the daemon become lines, lines for the daemon become bytes.
// Frames end at a `\n` byte and nowhere else: U+2028 and `\r` are text.

import { PART_BYTES, type FromSidecar } from "./lines.gen.ts";

const NEWLINE = 0x0a;
const LINE_BYTES = 1024 * 1024;
const LONE_SURROGATE = /\\ud[89a-f]/;

/** Cuts a stream of bytes into lines. Keeps the unfinished rest. */
export class LineSplitter {
  private rest: Uint8Array[] = [];

  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.rest.push(chunk.subarray(start, end));
      lines.push(Buffer.concat(this.rest).toString("utf8"));
      this.rest = [];
      start = end + 1;
    }
    if (start < chunk.length) this.rest.push(chunk.subarray(start));
    return lines;
  }
}

/** One line as bytes; in parts when it is longer than a line may be. */
export function encodeLine(line: FromSidecar): Buffer {
  const text = encodeJson(line);
  const bytes = Buffer.from(`${text}\n`, "utf8");
  return bytes.length <= LINE_BYTES ? bytes : encodeParts(bytes.subarray(0, -1));
}

function encodeParts(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = characterBoundary(bytes, Math.min(start + PART_BYTES, bytes.length));
    const text = bytes.toString("utf8", start, end);
    const last = end === bytes.length;
    parts.push(Buffer.from(`${JSON.stringify({ type: "part", text, last })}\n`, "utf8"));
    start = end;
  }
  return Buffer.concat(parts);
}

/** The start of the character that `end` would cut in two. */
export function characterBoundary(bytes: Uint8Array, end: number): number {
  if (end >= bytes.length) return bytes.length;
  let at = end;
  while (at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}

/** JSON without lone surrogates, which no strict reader takes. */
function encodeJson(line: FromSidecar): string {
  const text = JSON.stringify(line);
  if (!LONE_SURROGATE.test(text)) return text;
  return JSON.stringify(line, (_key, value) =>
    typeof value === "string" ? value.toWellFormed() : value,
  );
}

/** The head of a text that fits into `limit` bytes of UTF-8. */
export function cutText(text: string, limit: number): string {
  if (text.length * 3 <= limit) return text;
  const bytes = Buffer.from(text, "utf8");
  return bytes.length <= limit ? text : bytes.toString("utf8", 0, characterBoundary(bytes, limit));
}
