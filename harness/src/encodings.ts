// Owns how a file's bytes are text: in UTF-8, in an older encoding, or not quite in any. Each way
// leads back to the very same bytes, so that a change of one line leaves all others as they are.

import { isUtf8 } from "node:buffer";

import { analyse } from "chardet";
import iconv from "iconv-lite";

const MARK = "\ufeff";
const REPLACEMENT = "\ufffd";
/** What the detector sees of a file. */
const SAMPLE_BYTES = 256 * 1024;
/** Fewer bytes do not show that they are UTF-16. */
const FEWEST_WIDE = 16;
/** Private characters that stand for bytes which are no UTF-8; the first range that the text has not. */
const STAND_INS = [0x10f700, 0xf700, 0x10e700];
const KANA = /[\u3041-\u30fa]/;
/** Encodings without state: equal text has equal bytes wherever it is. */
const STATELESS = /^(windows-125\d|ISO-8859-\d+|KOI8-R|Big5|GB18030|EUC-KR|EUC-JP|Shift_JIS)$/;
const PAIRED = /^(Big5|GB18030|EUC-KR|EUC-JP)$/;

/** A text that cannot be written in the encoding of its file. */
export class Unwritable extends Error {}

export interface Encoding {
  /** Empty for UTF-8. */
  name: string;
  /** Some bytes are no text; in what `decode` gives, private characters stand for them. */
  mixed: boolean;
  decode(bytes: Buffer): string;
  /** Throws `Unwritable`. */
  encode(text: string): Buffer;
  /** A text as a person sees it: `\xE9` for a byte that is no text. */
  shown(text: string): string;
}

const UTF_8: Encoding = {
  name: "",
  mixed: false,
  decode: (bytes) => bytes.toString("utf8"),
  encode: (text) => Buffer.from(text, "utf8"),
  shown: (text) => text,
};

/** The encoding that all of the bytes are in. A new file is UTF-8. */
export function encodingOf(bytes: Buffer | null): Encoding {
  if (bytes === null || isUtf8(bytes)) return UTF_8;
  const found = candidates(bytes).find((encoding) => leadsBack(encoding, bytes));
  return found ?? mixed(bytes);
}

/** The text that is to replace a whole file, in that file's encoding and with its mark. */
export function encodeWhole(encoding: Encoding, text: string, before: Buffer | null): Buffer {
  if (before === null) return encoding.encode(text);
  if (encoding.mixed && text.includes(REPLACEMENT)) {
    throw new Unwritable("The file contains bytes that are not text, which the new content replaces with �. Use edit instead of write.");
  }
  if (encoding.mixed) return Buffer.from(text, "utf8");
  const marked = encoding.decode(before.subarray(0, 4)).startsWith(MARK) && !text.startsWith(MARK);
  return encoding.encode(marked ? MARK + text : text);
}

function leadsBack(encoding: Encoding, bytes: Buffer): boolean {
  try {
    return encoding.encode(encoding.decode(bytes)).equals(bytes);
  } catch (error) {
    if (error instanceof Unwritable) return false;
    throw error;
  }
}

function candidates(bytes: Buffer): Encoding[] {
  const wide = wideName(bytes);
  if (wide) return [legacy(wide)];
  if (bytes.includes(0) || mostlyUtf8(bytes)) return [];
  const detected = detectedNames(bytes);
  return [...asianNames(bytes, detected), ...detected, "windows-1252", "ISO-8859-1"].map(legacy);
}

function legacy(name: string): Encoding {
  const encode = (text: string): Buffer => iconv.encode(text, name, { addBOM: false });
  return {
    name,
    mixed: false,
    decode: (bytes) => iconv.decode(bytes, name, { stripBOM: false }),
    encode: (text) => {
      const bytes = encode(text);
      if (iconv.decode(bytes, name, { stripBOM: false }) === text) return bytes;
      const strange = [...text].find((one) => iconv.decode(encode(one), name, { stripBOM: false }) !== one);
      throw new Unwritable(`The file is encoded as ${name}, which cannot represent “${strange}”.`);
    },
    shown: (text) => text,
  };
}

/** UTF-16, by its mark or by the zeros of its Latin letters. */
function wideName(bytes: Buffer): string {
  if (bytes.length % 2 !== 0) return "";
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "UTF-16LE";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "UTF-16BE";
  if (bytes.length < FEWEST_WIDE) return "";
  const zeros = [0, 0];
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  for (const [at, byte] of sample.entries()) if (byte === 0) zeros[at % 2]! += 1;
  const many = sample.length / 6;
  if (zeros[0] === 0 && zeros[1]! > many) return "UTF-16LE";
  return zeros[1] === 0 && zeros[0]! > many ? "UTF-16BE" : "";
}

/** Text in UTF-8 with a few strays: more of its characters are whole than bytes are not. */
function mostlyUtf8(bytes: Buffer): boolean {
  const text = bytes.toString("utf8");
  let [whole, broken] = [0, 0];
  for (const one of text.match(/[^\0-\x7f]/gu) ?? []) {
    if (one === REPLACEMENT) broken += 1;
    else whole += 1;
  }
  return whole > broken;
}

/** Those that the detector takes for Latin text when there is little of it. */
function asianNames(bytes: Buffer, detected: string[]): string[] {
  if (KANA.test(iconv.decode(bytes, "Shift_JIS"))) return ["Shift_JIS"];
  return pairedOnly(bytes) ? [...detected.filter((name) => PAIRED.test(name)), "GB18030"] : [];
}

/** Bytes above ASCII come in pairs, as they hardly ever do in Latin text. */
function pairedOnly(bytes: Buffer): boolean {
  let run = 0;
  for (const byte of bytes) {
    if (byte > 0xa0) run += 1;
    else if (byte > 0x7f || run % 2 !== 0) return false;
    else run = 0;
  }
  return run % 2 === 0;
}

function detectedNames(bytes: Buffer): string[] {
  const found = analyse(bytes.subarray(0, SAMPLE_BYTES)).filter(({ confidence }) => confidence > 10);
  return found.map(({ name }) => (name === "ISO-8859-1" ? "windows-1252" : name)).filter((name) => STATELESS.test(name));
}

/** UTF-8 in which some bytes are none. */
function mixed(bytes: Buffer): Encoding {
  const tried = STAND_INS.map(withStandIns);
  return tried.find((encoding) => leadsBack(encoding, bytes)) ?? tried[0]!;
}

function withStandIns(base: number): Encoding {
  const pattern = new RegExp(`[\\u{${(base + 0x80).toString(16)}}-\\u{${(base + 0xff).toString(16)}}]`, "gu");
  return {
    name: "UTF-8 with other bytes",
    mixed: true,
    decode: (bytes) => decodeMixed(bytes, base),
    encode: (text) => {
      const parts: Buffer[] = [];
      let start = 0;
      for (const match of text.matchAll(pattern)) {
        parts.push(Buffer.from(text.slice(start, match.index)), Buffer.of(match[0].codePointAt(0)! - base));
        start = match.index + match[0].length;
      }
      parts.push(Buffer.from(text.slice(start)));
      return Buffer.concat(parts);
    },
    shown: (text) =>
      text.replace(pattern, (one) => `\\x${(one.codePointAt(0)! - base).toString(16).toUpperCase()}`),
  };
}

function decodeMixed(bytes: Buffer, base: number): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(bytes.toString("utf8", start, at), String.fromCodePoint(base + bytes[at]!));
    at += 1;
    start = at;
  }
  parts.push(bytes.toString("utf8", start));
  return parts.join("");
}

/** How many bytes the character at a place has; 0 when there is none. */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const piece = bytes.subarray(at, at + length);
  return piece.toString("utf8").includes(REPLACEMENT) && !isReplacement(piece) ? 0 : piece.length;
}

function isReplacement(piece: Buffer): boolean {
  return piece.length === 3 && piece.equals(Buffer.from(REPLACEMENT));
}
