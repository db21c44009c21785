// Owns the record of writes that are under way, so that whoever comes after a kill or a power cut
// finds what to clear away and what to put back. It lies with the chat, not with the user's files.

import { randomUUID } from "node:crypto";
import { constants, readdirSync } from "node:fs";
import { mkdir, open, readFile, rm, rmdir } from "node:fs/promises";
import { basename, join } from "node:path";

import { messageOf } from "./faults.ts";
import { isMissing, openFile } from "./paths.ts";
import { readWhole, rewrite, writeWhole } from "./transfer.ts";

const TEMPORARY = /^\.claudette-[0-9a-f-]{36}\.tmp$/;

/** A name for a file that is to take another's place; one that is left over is known by it. */
export function temporaryName(): string {
  return `.claudette-${randomUUID()}.tmp`;
}

/** What a write leaves behind when it is cut off. */
interface Note {
  path: string;
  /** The path of the file that is to take its place. */
  temporary?: string;
  /** Directories that were made for it, the outermost first. */
  made?: string[];
  /** It is written in place: what it held and what it is to hold lie beside the record. */
  inPlace?: { device: string; inode: string };
}

export class Unfinished {
  /** The directory belongs to one chat. It is made when it is needed. */
  constructor(private readonly directory: string) {}

  /** Records a write until `done`. With `copies` the bytes from before and after are kept, too. */
  async begin(note: Note, copies?: { before: Buffer; after: Buffer }): Promise<Begun> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const begun = new Begun(join(this.directory, randomUUID()));
    try {
      if (copies) {
        await writePrivate(begun.before, copies.before);
        await writePrivate(begun.after, copies.after);
      }
      await writePrivate(begun.note, Buffer.from(JSON.stringify(note)));
    } catch (error) {
      await begun.done();
      throw new Error(`the write could not be recorded: ${messageOf(error)}`);
    }
    return begun;
  }

  /** Clears up after a process that did not live to do it. */
  async recover(): Promise<void> {
    for (const name of namesIn(this.directory)) {
      if (!name.endsWith(".json")) continue;
      const begun = new Begun(join(this.directory, name.slice(0, -".json".length)));
      try {
        await recoverOne(begun);
        await begun.done();
      } catch (error) {
        console.error(`An interrupted write could not be cleaned up: ${messageOf(error)}`);
      }
    }
  }
}

/** One write that is under way, and where its record lies. */
class Begun {
  readonly note: string;
  readonly before: string;
  readonly after: string;

  constructor(stem: string) {
    this.note = `${stem}.json`;
    this.before = `${stem}.before`;
    this.after = `${stem}.after`;
  }

  async done(): Promise<void> {
    for (const path of [this.note, this.before, this.after]) await rm(path, { force: true });
  }
}

async function recoverOne(begun: Begun): Promise<void> {
  const note = JSON.parse(await readFile(begun.note, "utf8")) as Note;
  if (note.temporary && TEMPORARY.test(basename(note.temporary))) await rm(note.temporary, { force: true });
  await removeEmpty(note.made ?? []);
  if (note.inPlace) await putBack(note, await readFile(begun.before), await readFile(begun.after));
}

/** Directories that were made for nothing. */
export async function removeEmpty(made: string[]): Promise<void> {
  for (const directory of [...made].reverse()) {
    try {
      await rmdir(directory);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOTEMPTY" || code === "EEXIST" || isMissing(error)) return;
      throw error;
    }
  }
}

/** Gives a file that was cut off between two contents the first of them again. */
async function putBack(note: Note, before: Buffer, after: Buffer): Promise<void> {
  const handle = await openFile(note.path, constants.O_RDWR);
  try {
    const { dev, ino } = await handle.stat({ bigint: true });
    if (String(dev) !== note.inPlace?.device || String(ino) !== note.inPlace.inode) return;
    const now = await readWhole(handle);
    if (!now.equals(after) && isBetween(now, before, after)) await rewrite(handle, now, before);
  } finally {
    await handle.close();
  }
}

/** Every byte is of one or the other: nobody else has written to the file since. */
function isBetween(now: Buffer, before: Buffer, after: Buffer): boolean {
  if (now.length > Math.max(before.length, after.length)) return false;
  return now.every((byte, at) => byte === before[at] || byte === after[at] || byte === 0);
}

async function writePrivate(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, "wx", 0o600);
  try {
    await writeWhole(handle, bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
