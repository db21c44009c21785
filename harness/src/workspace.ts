// Owns knowing whether the chat's directory is still the one that it was when the session began, and
// where a directory that was renamed is now.

import { lstatSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { LineFault } from "./faults.ts";
import { isMissing } from "./paths.ts";

interface Identity {
  path: string;
  device: string;
  inode: string;
}

export class Workspace {
  private constructor(private readonly known: Identity) {}

  /** Takes in a directory that is there. `record` is a file of the chat's that remembers it. */
  static take(path: string, record: string): Workspace {
    const known = identityOf(path);
    if (!known) throw missing(path, null);
    mkdirSync(dirname(record), { recursive: true, mode: 0o700 });
    writeFileSync(record, JSON.stringify(known), { mode: 0o600 });
    return new Workspace(known);
  }

  /** Throws `WorkspaceMissing` when the directory is gone, or another one is in its place. */
  check(): void {
    const now = identityOf(this.known.path);
    if (now?.device === this.known.device && now.inode === this.known.inode) return;
    throw missing(this.known.path, this.known);
  }
}

/** The directory without links. Throws `WorkspaceMissing`; the record may tell which one it was. */
export function realWorkspace(path: string, record: string): string {
  try {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  throw missing(path, remembered(path, record));
}

function missing(path: string, known: Identity | null): LineFault {
  const renamed = known && siblingLike(known);
  const hint = renamed ? ` It was probably renamed to ${renamed}.` : "";
  const message =
    `The chat's directory ${path} was moved or removed, so nothing was read, run or written.${hint} ` +
    `Put it back, or point the chat at its new place: claudette move CHAT ${renamed ?? "DIR"}`;
  return new LineFault("WorkspaceMissing", message, { path });
}

function remembered(path: string, record: string): Identity | null {
  try {
    const known = JSON.parse(readFileSync(record, "utf8")) as Identity;
    return known.path === path ? known : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The directory itself under another name beside its old one. */
function siblingLike(known: Identity): string | null {
  const parent = dirname(known.path);
  for (const name of namesIn(parent)) {
    const found = identityOf(join(parent, name));
    if (found?.device === known.device && found.inode === known.inode) return found.path;
  }
  return null;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Null when no directory is there. */
function identityOf(path: string): Identity | null {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!found?.isDirectory()) return null;
  return { path, device: String(found.dev), inode: String(found.ino) };
}
