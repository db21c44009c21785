// Owns what a project brings for the agent: what waits for trust, and what is offered as commands.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

const OF_PI = ["SYSTEM.md", "APPEND_SYSTEM.md", "prompts", "skills"].map((name) => join(".pi", name));
const SKILLS = join(".agents", "skills");

/** What trust would let in. What is not loaded in any case, such as extensions, is nothing to ask about. */
export function heldBack(pi: typeof Pi, cwd: string): string[] {
  if (!pi.hasTrustRequiringProjectResources(cwd)) return [];
  const found = OF_PI.filter((name) => existsSync(join(cwd, name)));
  const own = join(process.env["HOME"] ?? "", SKILLS);
  for (const directory of withAncestors(cwd)) {
    const skills = join(directory, SKILLS);
    if (skills !== own && existsSync(skills)) found.push(directory === cwd ? SKILLS : skills);
  }
  return found;
}

function withAncestors(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...withAncestors(parent)];
}
