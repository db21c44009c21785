// Owns the finding of files by name: ripgrep lists, we match. Nothing is ever downloaded.

import { spawn } from "node:child_process";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { LineSplitter } from "./lines.ts";

export interface Search {
  rg: string;
  pattern: string;
  root: string;
  ignore: string[];
  limit: number;
  signal?: AbortSignal | undefined;
}

/** Paths below the root that match, directories with a slash at the end. */
export async function findFiles(search: Search): Promise<string[]> {
  const matches = new Matches(search.pattern, search.limit);
  const args = ["--files", "--no-config", "--hidden", "--color=never"];
  if (!(await insideRepository(search.root))) args.push("--no-require-git");
  for (const glob of search.ignore) args.push("--glob", `!${glob}`);
  await listFiles({ ...search, args }, (path) => matches.add(path));
  return matches.found;
}

class Matches {
  readonly found: string[] = [];
  private readonly glob: Bun.Glob;
  private readonly wholePath: boolean;
  private readonly directories = new Set<string>([".", ""]);

  constructor(
    pattern: string,
    private readonly limit: number,
  ) {
    const bare = pattern.replace(/^\.\//, "");
    this.wholePath = bare.includes("/");
    this.glob = new Bun.Glob(this.wholePath && !/^(\/|\*\*\/)/.test(bare) ? `**/${bare}` : bare);
  }

  /** False when there is enough. */
  add(path: string): boolean {
    this.addDirectory(dirname(path));
    this.keepIfMatching(path, path);
    return this.found.length < this.limit;
  }

  /** ripgrep lists files only; a directory shows by the first file in it. */
  private addDirectory(path: string): void {
    if (this.directories.has(path)) return;
    this.directories.add(path);
    this.addDirectory(dirname(path));
    this.keepIfMatching(path, `${path}/`);
  }

  private keepIfMatching(path: string, shown: string): void {
    if (this.found.length >= this.limit) return;
    if (this.glob.match(this.wholePath ? path : basename(path))) this.found.push(shown);
  }
}

function listFiles(
  search: Search & { args: string[] },
  take: (path: string) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(search.rg, search.args, {
      cwd: search.root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = (): void => void child.kill();
    const lines = new LineSplitter();
    let enough = false;
    let complaint = "";
    search.signal?.addEventListener("abort", stop, { once: true });
    child.stdout.on("data", (chunk: Buffer) => {
      for (const path of lines.push(chunk)) {
        enough ||= !take(path);
        if (enough) return stop();
      }
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.on("error", (error) => reject(new Error(`ripgrep cannot be run: ${error.message}`)));
    child.on("close", (code) => {
      search.signal?.removeEventListener("abort", stop);
      // 1 is "no files", 2 may come with results, for a directory that cannot be read.
      if (!enough && code === 2 && complaint.includes("regex")) reject(new Error(complaint.trim()));
      else resolve();
    });
  });
}

async function insideRepository(directory: string): Promise<boolean> {
  for (let at = directory; ; at = dirname(at)) {
    if (await stat(join(at, ".git")).catch(() => null)) return true;
    if (at === dirname(at)) return false;
  }
}
