// Owns the tools that change files: the model's change worked out, asked about and made as it was
// shown.

import { constants } from "node:fs";
import { isAbsolute, relative } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import type { Call, Definition, Workshop } from "./call.ts";
import {
  baseOf, editOf, hashOf, rewriteOf, textOf, writeApproved, type Base, type Change,
} from "./edits.ts";
import { LongEdits, type Edit } from "./longedits.ts";
import { openFile, realTarget } from "./paths.ts";

/** Asks about a change and makes it; `base` is the file that the change was worked out on. */
async function carryOut(shop: Workshop, call: Call, base: Base, change: Change): Promise<void> {
  const access = call.tool === "edit" ? "edit" : "write";
  const { after, diff, encoding } = change;
  const seal = { base: hashOf(base.content), after: hashOf(after) };
  const cut = diff.bytes > Buffer.byteLength(diff.head);
  const length = cut ? { diffBytes: diff.bytes } : {};
  const about = { paths: [base.path], diff: diff.head, ...length, ...(encoding ? { encoding } : {}) };
  await call.ask(access, about, seal, cut ? diff.whole : undefined);
  try {
    await writeApproved(base, after, shop.umask, shop.unfinished);
  } catch (error) {
    throw call.stop(error as Error);
  }
}

function shownPath(path: string, cwd: string): string {
  const inside = relative(cwd, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside;
}

export function makeEdit(shop: Workshop, call: Call): Definition {
  const { edits } = call.input as { edits?: Edit[] };
  const long = new LongEdits(Array.isArray(edits) ? edits : []);
  let base: Base | null = null;
  let diff = "";
  const operations: Pi.EditOperations = {
    access: async (path) => {
      call.path = await realTarget(path);
      await (await openFile(call.path, constants.O_RDWR)).close();
    },
    readFile: async (path) => {
      base = await baseOf(path);
      return long.shorten(path, textOf(base));
    },
    writeFile: async (path, text) => {
      const edited = base ?? (await baseOf(path));
      const change = await editOf(edited, long.restore(text), shownPath(edited.path, shop.cwd));
      diff = change.diff.head;
      await carryOut(shop, call, edited, change);
    },
  };
  const definition = shop.pi.createEditToolDefinition(shop.cwd, { operations });
  return {
    ...definition,
    execute: async (id, input, signal, onUpdate, ctx) => {
      const given = Array.isArray(edits) ? { ...input, edits: long.edits } : input;
      const result = await definition.execute(id, given, signal, onUpdate, ctx);
      return long.shortened ? { ...result, details: { diff, patch: diff } } : result;
    },
  };
}

export function makeWrite(shop: Workshop, call: Call): Definition {
  const operations: Pi.WriteOperations = {
    // Directories are made together with the file, after the answer.
    mkdir: async () => {},
    writeFile: async (path, text) => {
      call.path = await realTarget(path);
      const base = await baseOf(path);
      await carryOut(shop, call, base, await rewriteOf(base, text, shownPath(base.path, shop.cwd)));
    },
  };
  return shop.pi.createWriteToolDefinition(shop.cwd, { operations });
}
