// Owns directories that tests write in, gone after each test.

import { afterEach } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

export function scratch(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "harness-")));
  made.push(directory);
  return directory;
}
