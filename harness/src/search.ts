// Owns the finding of files by name: ripgrep lists, we match.

import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { Directory } from "./directory.ts";
import { linesOf } from "./ripgrep.ts";

export interface Search {
  rg: string;
  pattern: string;
  root: string;
  ignore: string[];
  limit: number;
  signal?: AbortSignal | undefined;
}

/** Paths below the root that match, directories with a slash at the end. ripgrep goes by paths, and
 * a directory may be a link by then: a name is told when it stands in the directory that was judged. */
export async function findFiles(search: Search): Promise<string[]> {
  const matches = new Matches(search.pattern);
  const names = new Names(search.root);
  const found: string[] = [];
  try {
    for await (const path of linesOf({ ...search, args: await argsOf(search), cwd: search.root })) {
      for (const match of matches.of(path)) if (await names.has(match)) found.push(match);
      if (found.length >= search.limit) break;
    }
  } finally {
    await names.close();
  }
  return found.slice(0, search.limit);
}

async function argsOf(search: Search): Promise<string[]> {
  const ignored = search.ignore.flatMap((glob) => ["--glob", `!${glob}`]);
  const outside = !(await insideRepository(search.root));
  return ["--files", ...(outside ? ["--no-require-git"] : []), ...ignored];
}

class Matches {
  private readonly glob: Bun.Glob;
  private readonly wholePath: boolean;
  private readonly directories = new Set<string>([".", ""]);

  constructor(pattern: string) {
    const bare = pattern.replace(/^\.\//, "");
    // As Pi says it to the model: a path hangs on the root, a mere name is found at any depth.
    this.wholePath = bare.includes("/");
    this.glob = new Bun.Glob(bare);
  }

  /** What a file that was listed makes known: itself and the directories that it is the first in. */
  of(file: string): string[] {
    const matching = this.newDirectories(dirname(file)).filter((path) => this.match(path));
    return [...matching.map((path) => `${path}/`), ...(this.match(file) ? [file] : [])];
  }

  /** ripgrep lists files only; a directory shows by the first file in it. */
  private newDirectories(path: string): string[] {
    if (this.directories.has(path)) return [];
    this.directories.add(path);
    return [...this.newDirectories(dirname(path)), path];
  }

  private match(path: string): boolean {
    return this.glob.match(this.wholePath ? path : basename(path));
  }
}

/** Knows which names stand in the directories below the root, each reached through no link. */
class Names {
  private path = "";
  private directory: Directory | null = null;

  constructor(private readonly root: string) {}

  /** Whether the path names a directory when it has a slash at the end, anything else when not. */
  async has(path: string): Promise<boolean> {
    const bare = path.replace(/\/$/, "");
    const parent = join(this.root, dirname(bare));
    if (parent !== this.path) await this.open(parent);
    const found = await this.directory?.kindOf(basename(bare));
    return found?.isDirectory() === (bare !== path);
  }

  async close(): Promise<void> {
    await this.directory?.close();
    this.directory = null;
  }

  private async open(path: string): Promise<void> {
    await this.close();
    this.path = path;
    // Null when it is not the directory that was listed: removed, a link, out of the user's reach.
    this.directory = await Directory.open(path).catch(() => null);
  }
}

async function insideRepository(directory: string): Promise<boolean> {
  for (let at = directory; ; at = dirname(at)) {
    if (await stat(join(at, ".git")).catch(() => null)) return true;
    if (at === dirname(at)) return false;
  }
}
