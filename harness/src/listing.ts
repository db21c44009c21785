// Owns what `ls` tells of a directory: its names and which lead to directories, read from the one
// that was judged, wherever its path leads by then.

import { Directory } from "./directory.ts";

export class Listing {
  private constructor(private readonly directories: Map<string, boolean>) {}

  /** Names that lead to nothing are left out. Throws `Moved`. */
  static async of(real: string): Promise<Listing> {
    const directory = await Directory.open(real);
    try {
      const found = new Map<string, boolean>();
      for (const entry of await directory.names()) {
        const leads = entry.isSymbolicLink() ? await directory.targetOf(entry.name) : entry;
        if (leads) found.set(entry.name, leads.isDirectory());
      }
      return new Listing(found);
    } finally {
      await directory.close();
    }
  }

  get names(): string[] {
    return [...this.directories.keys()];
  }

  kindOf(name: string): { isDirectory: () => boolean } {
    return { isDirectory: () => this.directories.get(name) === true };
  }
}
