// Owns the signs that a command failed because of what confined it.

import type { Confinement } from "./lines.gen.ts";

const KEPT_BYTES = 8 * 1024;

const UNWRITABLE = /Read-only file system|\bEROFS\b|Device or resource busy|\bEBUSY\b/;
const UNREACHABLE =
  /Network is (unreachable|down)|name resolution|resolve host|Name or service not known|Connection refused|\b(EAI_AGAIN|ENETUNREACH|ENOTFOUND|ECONNREFUSED)\b/i;
const UNPRIVILEGED = /no new privileges|effective uid is not 0|must be setuid root|setgroups|seteuid/i;
const UNANSWERED = /connect to (the )?(system |session |user )?(scope )?bus|connect to the Docker daemon/i;
/** A Mac says nothing more about anything that its sandbox denies. */
const ON_A_MAC = /Operation not permitted/;

/** Remembers the end of a command's output. */
export class Ending {
  private kept = "";

  push(data: Buffer): void {
    this.kept = (this.kept + data.toString("latin1")).slice(-KEPT_BYTES);
  }

  /** Why the box may be what made the command fail; empty where nothing says so. */
  blames(confinement: Confinement, platform: string = process.platform): string {
    const [text, { writable, network }] = [this.kept, confinement];
    const writes = Array.isArray(writable);
    if (writes && UNWRITABLE.test(text)) return `It may write only in ${places(writable)}.`;
    if (!network && UNREACHABLE.test(text)) return "It has no network.";
    if (UNPRIVILEGED.test(text)) return "It cannot become another user.";
    if (writes && UNANSWERED.test(text)) return "It cannot reach the programs of your session.";
    if (platform === "darwin" && ON_A_MAC.test(text)) return "The sandbox denied something to it.";
    return "";
  }

  /** What is kept from the command and its output complains about. */
  denied(confinement: Confinement): string {
    if (!/Permission denied|\bEACCES\b/.test(this.kept)) return "";
    const named = (path: string): boolean => this.kept.includes(path.slice(path.lastIndexOf("/") + 1));
    return (confinement.hidden ?? []).find(named) ?? "";
  }
}

function places(writable: string[]): string {
  return writable.length > 0 ? writable.join(", ") : "no directory";
}
