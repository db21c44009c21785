// Owns the loading of Pi: from the directory staged beside us, never compiled in.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

const BUNDLE = "dist/bundle/index.js";
/** The same as bytecode, which only the Bun that made it may read. */
const COMPILED = "dist/compiled/chunks/start.js";
const MADE_BY = "dist/compiled/made-by";

/** Beside the launcher when staged or compiled; the installed package in a checkout. */
export function piDirectory(): string {
  const places = [
    join(import.meta.dir, "pi"),
    join(dirname(process.execPath), "pi"),
    join(import.meta.dir, "../node_modules/@earendil-works/pi-coding-agent"),
  ];
  const found = places.find((place) => existsSync(join(place, BUNDLE)));
  if (!found) throw new Error(`Pi is not staged beside the harness; looked in ${places.join(", ")}`);
  return found;
}

export async function loadPi(): Promise<typeof Pi> {
  const directory = piDirectory();
  process.env["PI_PACKAGE_DIR"] ??= directory;
  return (await import(join(directory, isCompiled(directory) ? COMPILED : BUNDLE))) as typeof Pi;
}

function isCompiled(directory: string): boolean {
  const bun = `${Bun.version} ${Bun.revision} ${process.platform} ${process.arch}`;
  const place = join(directory, MADE_BY);
  return existsSync(place) && readFileSync(place, "utf8") === bun;
}
