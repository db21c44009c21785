// Owns the loading of Pi: from the directory staged beside us, never compiled in.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

const BUNDLE = "dist/bundle/index.js";

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
  return (await import(join(directory, BUNDLE))) as typeof Pi;
}
