// Owns what the model is told of a command's output: all of it, or of a long one its end and which
// file has the rest. Pi would write that file as a stream, whose failures nobody can catch.

import { randomBytes } from "node:crypto";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { messageOf } from "./faults.ts";
import { logPath } from "./outputs.ts";

/** For the last line, which says what is shown, beside the paths in it. */
const NOTICE_BYTES = 1024;
const NOTICE_LINES = 4;

export class LongOutput {
  private readonly decoder = new TextDecoder();
  private readonly log: OutputLog;
  private unwritten: Buffer[] = [];
  private bytes = 0;
  private lines = 0;
  private midLine = false;
  private end = "";

  constructor(
    private readonly pi: typeof Pi,
    private readonly directory: string,
  ) {
    this.log = new OutputLog(logPath(directory, randomBytes(8).toString("hex")));
  }

  get isLong(): boolean {
    return this.bytes > this.pi.DEFAULT_MAX_BYTES || this.lineCount > this.pi.DEFAULT_MAX_LINES;
  }

  push(data: Buffer): void {
    this.take(this.decoder.decode(data, { stream: true }));
    this.unwritten.push(data);
    if (this.isLong) this.write();
  }

  /** The whole text for the model; nothing may be pushed any more. */
  finish(): string {
    this.take(this.decoder.decode());
    if (!this.isLong) return this.end;
    this.write();
    this.log.close();
    const shown = this.pi.truncateTail(this.end, {
      maxBytes: this.pi.DEFAULT_MAX_BYTES - NOTICE_BYTES - 2 * Buffer.byteLength(this.directory),
      maxLines: this.pi.DEFAULT_MAX_LINES - NOTICE_LINES,
    });
    return `${shown.content}\n\n[${this.notice(shown)} ${this.log.told()}]`;
  }

  private get lineCount(): number {
    return this.lines + (this.midLine ? 1 : 0);
  }

  private take(text: string): void {
    if (text === "") return;
    this.bytes += Buffer.byteLength(text);
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.lines += 1;
    this.midLine = !text.endsWith("\n");
    this.end += text;
    // A unit of a string is one byte at least.
    const most = this.pi.DEFAULT_MAX_BYTES;
    if (this.end.length > 4 * most) this.end = this.end.slice(-2 * most);
  }

  private write(): void {
    for (const data of this.unwritten) this.log.write(data);
    this.unwritten = [];
  }

  private notice(shown: Pi.TruncationResult): string {
    const { formatSize } = this.pi;
    const last = this.lineCount;
    if (shown.lastLinePartial) return `Showing last ${formatSize(shown.outputBytes)} of line ${last}.`;
    const limit = shown.truncatedBy === "bytes" ? ` (${formatSize(shown.maxBytes)} limit)` : "";
    return `Showing lines ${last - shown.outputLines + 1}-${last} of ${last}${limit}.`;
  }
}

/** The file. Once it could not be written it takes no room, so that the turn has what is left. */
class OutputLog {
  private fd: number | null = null;
  private failure = "";

  constructor(private readonly path: string) {}

  write(data: Buffer): void {
    if (this.failure) return;
    this.attempt(() => {
      this.fd ??= openSync(this.path, "wx", 0o600);
      for (let at = 0; at < data.length; ) at += writeSync(this.fd, data, at);
    });
  }

  /** Some file systems say only here that they are full. */
  close(): void {
    const { fd } = this;
    this.fd = null;
    if (fd !== null) this.attempt(() => closeSync(fd));
  }

  told(): string {
    if (this.failure) return `The full output could not be stored: ${this.failure}`;
    return `Full output, until this turn ends: ${this.path}`;
  }

  private attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.failure ||= messageOf(error);
      if (this.fd !== null) ftruncateSync(this.fd);
    }
  }
}
