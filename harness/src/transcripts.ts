// Owns opening the file of a session: the one that is stored, or a new one.

import { existsSync, writeFileSync } from "node:fs";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { LineFault } from "./faults.ts";
import type { Start } from "./lines.gen.ts";

export function openSessions(pi: typeof Pi, start: Start): Pi.SessionManager {
  if (!start.sessionPath) return newSessions(pi, start);
  if (!existsSync(start.sessionPath)) {
    throw new LineFault("HarnessFailed", `The transcript ${start.sessionPath} is gone.`, {
      harness: "pi",
    });
  }
  return pi.SessionManager.open(start.sessionPath, start.sessionDir, start.cwd);
}

/** Pi writes no file before the first message; a session that can be resumed has one at once. */
function newSessions(pi: typeof Pi, start: Start): Pi.SessionManager {
  const draft = pi.SessionManager.create(start.cwd, start.sessionDir);
  const path = draft.getSessionFile();
  if (!path) throw new Error("Pi named no transcript file");
  writeFileSync(path, `${JSON.stringify(draft.getHeader())}\n`, { flag: "wx", mode: 0o600 });
  return pi.SessionManager.open(path, start.sessionDir, start.cwd);
}
