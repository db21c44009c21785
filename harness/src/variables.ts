// Owns which variables of the environment Pi reads for a provider, as Pi itself tells.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { piDirectory } from "./pi.ts";

const NAME = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;

type Provider = ReturnType<Pi.ModelRuntime["getProviders"]>[number];

let familiesInPi: Map<string, string[]> | null = null;

/** Those that make a credential, by letting Pi look where there are none, and where there are all
 *  but one of those that it looked at before. The first one is for the key. */
export async function variablesOf(provider: Provider): Promise<string[]> {
  const names = new Set<string>();
  const look = async (isSet: (name: string) => boolean): Promise<void> => {
    const ctx = {
      env: async (name: string) => {
        names.add(name);
        return isSet(name) ? "x" : undefined;
      },
      fileExists: async () => true,
    };
    const { signal } = new AbortController();
    try {
      await provider.auth.apiKey?.resolve({ ctx, signal } as never);
    } catch {
      // A value that is none is refused; what was looked at until then counts.
    }
  };
  await look(() => false);
  for (let known = -1; known !== names.size; ) {
    known = names.size;
    await look(() => true);
    for (const one of [...names]) {
      await look((name) => name === one);
      await look((name) => name !== one);
    }
  }
  return [...names];
}

/** The others of the same families that stand in Pi's code: regions, addresses, profiles. */
export function settingsOf(variables: readonly string[]): string[] {
  const names = [...new Set(variables.map(familyOf))].flatMap((one) => families().get(one) ?? []);
  return names.filter((name) => !variables.includes(name)).sort();
}

const familyOf = (name: string): string => name.slice(0, name.indexOf("_"));

function families(): Map<string, string[]> {
  familiesInPi ??= Map.groupBy(namesIn(join(piDirectory(), "dist/bundle")), familyOf);
  return familiesInPi;
}

function namesIn(directory: string): Set<string> {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const names = new Set<string>();
  for (const file of files.filter((path) => path.endsWith(".js"))) {
    for (const [name] of readFileSync(join(directory, file), "utf8").matchAll(NAME)) names.add(name);
  }
  return names;
}
