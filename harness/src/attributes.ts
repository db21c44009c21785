// Owns what a file bears beside its bytes, its mode and its owner: extended attributes and access
// control lists.

import { FFIType } from "bun:ffi";

import { loadLibc } from "./libc.ts";

const { i32, i64, u32, u64, ptr: pointer } = FFIType;
const COPYFILE_ACL = 1 << 0;
const COPYFILE_XATTR = 1 << 2;

type Copy = (from: number, to: number) => boolean;

let loaded: Copy | null = null;

/** Makes the open file `to` bear what `from` bears. False when it cannot. */
export function copyAttributes(from: number, to: number): boolean {
  loaded ??= process.platform === "darwin" ? ofDarwin() : ofLinux();
  return loaded(from, to);
}

function ofDarwin(): Copy {
  const { symbols } = loadLibc({ fcopyfile: { args: [i32, i32, pointer, u32], returns: i32 } });
  return (from, to) => symbols.fcopyfile(from, to, null, COPYFILE_ACL | COPYFILE_XATTR) === 0;
}

function ofLinux(): Copy {
  const { symbols } = loadLibc({
    flistxattr: { args: [i32, pointer, u64], returns: i64 },
    fgetxattr: { args: [i32, pointer, pointer, u64], returns: i64 },
    fsetxattr: { args: [i32, pointer, pointer, u64, i32], returns: i32 },
    fremovexattr: { args: [i32, pointer], returns: i32 },
  });

  /** None on a file system that knows none. */
  const namesOf = (fd: number): string[] => {
    const list = filled((room, size) => symbols.flistxattr(fd, room, size));
    return list?.toString("utf8").split("\0").filter(Boolean) ?? [];
  };
  const valueOf = (fd: number, name: string): Buffer | null =>
    filled((room, size) => symbols.fgetxattr(fd, text(name), room, size));

  const give = (fd: number, name: string, value: Buffer | null): boolean => {
    if (value === null) return false;
    if (valueOf(fd, name)?.equals(value)) return true;
    return symbols.fsetxattr(fd, text(name), value.length ? value : null, value.length, 0) === 0;
  };
  /** A new file inherits some, such as a directory's access control list; the system's own stay. */
  const take = (fd: number, name: string): boolean =>
    name.startsWith("security.") || symbols.fremovexattr(fd, text(name)) === 0;

  return (from, to) => {
    const wanted = namesOf(from);
    const extra = namesOf(to).filter((name) => !wanted.includes(name));
    return (
      wanted.every((name) => give(to, name, valueOf(from, name))) &&
      extra.every((name) => take(to, name))
    );
  };
}

type Fill = (room: Buffer | null, size: number) => number | bigint;

/** Asks how much there is, then for it. Null when there is nothing to be had. */
function filled(fill: Fill): Buffer | null {
  const size = Number(fill(null, 0));
  if (size < 0) return null;
  if (size === 0) return Buffer.alloc(0);
  const room = Buffer.alloc(size);
  const got = Number(fill(room, size));
  return got < 0 ? null : room.subarray(0, got);
}

function text(name: string): Buffer {
  return Buffer.from(`${name}\0`, "utf8");
}
