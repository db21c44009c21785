// Owns an open directory: what is done to a name in it is done there, wherever its path leads by then.

import { constants } from "node:fs";
import type { Dirent, Stats } from "node:fs";
import { lstat, open, readdir, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { openReal, throughHandle } from "./paths.ts";

/** What a file system says that does not write directories out by themselves. */
const UNSYNCED = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "EBADF"];

export class Directory {
  private constructor(
    readonly path: string,
    readonly handle: FileHandle,
  ) {}

  /** Throws `Moved` when the real path leads through a link by now. The caller closes it. */
  static async open(real: string): Promise<Directory> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY;
    return new Directory(real, await openReal(real, flags));
  }

  /** A path for a name in this very directory; where the system has none, the usual one. */
  at(name: string): string {
    return join(throughHandle(this.handle, this.path), name);
  }

  /** Creates a file that only its owner may read, through no link. */
  create(name: string): Promise<FileHandle> {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    return open(this.at(name), flags, 0o600);
  }

  names(): Promise<Dirent[]> {
    return readdir(throughHandle(this.handle, this.path), { withFileTypes: true });
  }

  /** What a name is, a link by itself; null when it cannot be looked at. */
  kindOf(name: string): Promise<Stats | null> {
    return lstat(this.at(name)).catch(() => null);
  }

  /** What a name leads to; null when it leads to nothing that can be looked at. */
  targetOf(name: string): Promise<Stats | null> {
    return stat(this.at(name)).catch(() => null);
  }

  /** What was done to its names survives a power cut. */
  async sync(): Promise<void> {
    try {
      await this.handle.sync();
    } catch (error) {
      if (!UNSYNCED.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
