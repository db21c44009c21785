// Owns what a project brings for the agent: what waits for trust, and what is offered as commands.

import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import type { CommandList, Commands, Configure, Start } from "./lines.gen.ts";
import { settingsManager } from "./settings.ts";

const OF_PI = ["SYSTEM.md", "APPEND_SYSTEM.md", "prompts", "skills"].map((name) => join(".pi", name));
const SKILLS = join(".agents", "skills");

type InstructionFiles = { agentsFiles: Array<{ path: string; content: string }> };

/** What of a session's project is used, as the user decided. */
export class Project {
  private instructionFiles: boolean;
  /** Pi has to load again what was decided since. */
  stale = false;

  constructor(
    private readonly around: { pi: typeof Pi; agentDir: string },
    private readonly cwd: string,
    private readonly settings: Pi.SettingsManager,
    start: Start,
  ) {
    this.instructionFiles = start.instructionFiles !== false;
  }

  decide({ trusted, instructionFiles }: Configure): void {
    if (typeof trusted === "boolean" && trusted !== this.settings.isProjectTrusted()) {
      this.settings.setProjectTrusted(trusted);
      this.stale = true;
    }
    if (typeof instructionFiles === "boolean" && instructionFiles !== this.instructionFiles) {
      this.instructionFiles = instructionFiles;
      this.stale = true;
    }
  }

  /** Of all that Pi found, what it may use. */
  allowed({ agentsFiles }: InstructionFiles): InstructionFiles {
    if (this.instructionFiles) return { agentsFiles };
    return { agentsFiles: agentsFiles.filter(({ path }) => !this.brings(path)) };
  }

  told(loader: Pi.ResourceLoader): { resources: string[]; instructionFiles: string[] } {
    const files = loader.getAgentsFiles().agentsFiles.map(({ path }) => path);
    return {
      resources: this.settings.isProjectTrusted() ? [] : heldBack(this.around.pi, this.cwd),
      instructionFiles: files.filter((path) => this.brings(path)).map((path) => this.shown(path)),
    };
  }

  private brings(path: string): boolean {
    return dirname(path) !== resolve(this.around.agentDir);
  }

  private shown(path: string): string {
    return dirname(path) === this.cwd ? relative(this.cwd, path) : path;
  }
}

/** What trust would let in. What is not loaded in any case, such as extensions, is nothing to ask about. */
function heldBack(pi: typeof Pi, cwd: string): string[] {
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

/** Prompt templates and skills as Pi's own command line offers them. */
export async function listCommands(pi: typeof Pi, agentDir: string, line: Commands): Promise<CommandList> {
  const loader = new pi.DefaultResourceLoader({
    cwd: line.cwd,
    agentDir,
    settingsManager: settingsManager(pi, agentDir, line.trusted === true),
    noExtensions: true,
    noThemes: true,
    noContextFiles: true,
  });
  await loader.reload();
  const templates = loader.getPrompts().prompts.map((template) => ({
    name: template.name,
    about: template.description,
    arguments: template.argumentHint ?? "",
  }));
  const skills = loader.getSkills().skills.map((skill) => ({
    name: `skill:${skill.name}`,
    about: skill.description,
    arguments: "[text]",
  }));
  return { commands: [...templates, ...skills] };
}
