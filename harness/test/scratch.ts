// Owns directories that tests write in. Who makes one calls `removeScratch` after each test.

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** As it is at first: a session leads TMPDIR elsewhere. */
const base = tmpdir();
const made: string[] = [];

export function scratch(): string {
  const directory = realpathSync(mkdtempSync(join(base, "harness-")));
  made.push(directory);
  return directory;
}

export function removeScratch(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}
