// Owns the tools the model has: Pi's own definitions, each call asking the gate before it touches
// anything. They ask inside Pi's operations, where Pi has resolved the path it will use.

import { constants } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { Ending } from "./box.ts";
import { Call, type Definition, type Execute, type Maker, type Workshop } from "./call.ts";
import { makeEdit, makeWrite } from "./changes.ts";
import { Changed } from "./edits.ts";
import { GaveUp, Refused } from "./gate.ts";
import { grep, type Wish } from "./grep.ts";
import type { Request } from "./lines.gen.ts";
import { Listing } from "./listing.ts";
import { LongOutput } from "./longoutput.ts";
import { isMissing, openFile } from "./paths.ts";
import { bytesOf, chunksOf, imageTypeOf, textIn } from "./reading.ts";
import { findFiles } from "./search.ts";
import { runCommand } from "./shell.ts";
import { CappedOutput, OutputStream } from "./stream.ts";

export const READERS = ["read", "grep", "find", "ls"];
export const ALL_TOOLS = ["read", "bash", "edit", "write", "grep", "find", "ls"];

const MAKERS: Record<string, Maker> = {
  read: makeRead,
  bash: makeBash,
  edit: makeEdit,
  write: makeWrite,
  grep: makeGrep,
  find: makeFind,
  ls: makeLs,
};

export function guardedTools(shop: Workshop): Definition[] {
  return Object.entries(MAKERS).map(([name, make]) => {
    const blank = make(shop, new Call(shop, name, "", {}, undefined));
    return { ...blank, execute: guarded(shop, name, make) };
  });
}

function guarded(shop: Workshop, name: string, make: Maker): Execute {
  return async (id, input, signal, onUpdate, ctx) => {
    const call = new Call(shop, name, id, input, signal);
    for (;;) {
      try {
        shop.workspace.check();
        return await make(shop, call).execute(id, input, signal, onUpdate, ctx);
      } catch (error) {
        const cause = call.cause(error);
        shop.workspace.check();
        if (cause instanceof Changed) continue;
        await discloseFailure(call, cause);
        throw cause;
      }
    }
  };
}

/** A call that failed before it could ask still tells the model about a file: that is a read. */
async function discloseFailure(call: Call, cause: unknown): Promise<void> {
  if (call.asked || !call.path || cause instanceof Refused || cause instanceof GaveUp) return;
  await call.ask("read", { paths: [call.path], reason: "The change does not fit the file." });
}

function makeRead(shop: Workshop, call: Call): Definition {
  let image = false;
  const operations: Pi.ReadOperations = {
    access: async (path) => {
      const real = await call.askPath("read", path);
      await (await openFile(real, constants.O_RDONLY)).close();
    },
    readFile: () => (image ? bytesOf(call.path) : textIn(call.path)),
    createReadStream: (_path, { signal }) => chunksOf(call.path, signal),
    detectImageMimeType: async () => {
      const type = await imageTypeOf(call.path, shop.pi.detectSupportedImageMimeTypeFromFile);
      image = type !== null;
      return type;
    },
  };
  return shop.pi.createReadToolDefinition(shop.cwd, { operations });
}

function makeBash(shop: Workshop, call: Call): Definition {
  const output = new LongOutput(shop.pi, shop.tempDir);
  const exec: Pi.BashOperations["exec"] = async (command, cwd, { onData, signal, timeout, env }) => {
    const input = call.input as { command: string };
    await call.ask("run", { command: input.command, cwd });
    const stream = new OutputStream(shop.calls, call.id);
    const capped = new CappedOutput(shop.outputs, (data) => output.push(data));
    const ending = new Ending();
    const say = (data: Buffer): void => {
      stream.push(data);
      capped.push(data);
    };
    const run = (): Promise<number> =>
      runCommand(
        {
          shell: shop.shell.shell,
          args: shop.shell.args,
          text: command,
          held: call.held,
          cwd,
          env: shop.toolEnv(env ?? {}),
          tempDir: shop.tempDir,
          umask: shop.umask,
          item: shop.calls.item(call.id, "bash"),
          onData: (data) => {
            ending.push(data);
            say(data);
          },
          signal,
          timeout,
        },
        shop.groups,
      );
    try {
      const exitCode = await run();
      const again = exitCode !== 0 && (await mayRunOutside(call, ending, { command: input.command, cwd }, say));
      return { exitCode: again ? await run() : exitCode };
    } finally {
      stream.end();
      capped.end();
      onData(Buffer.from(output.finish()));
    }
  };
  const { prefix } = shop.shell;
  const options = { operations: { exec }, ...(prefix ? { commandPrefix: prefix } : {}) };
  const definition = shop.pi.createBashToolDefinition(shop.cwd, options);
  // The output goes to people as it comes; Pi's snapshots of it are of no use here.
  return {
    ...definition,
    execute: async (id, input, signal, _onUpdate, ctx) => {
      const result = await definition.execute(id, input, signal, undefined, ctx);
      return output.isLong ? { ...result, details: { truncation: { truncated: true } } } : result;
    },
  };
}

/** Whether a command that its box made fail is to run again without one. Both the model and the
 * person read why in the output. */
async function mayRunOutside(
  call: Call,
  ending: Ending,
  about: Partial<Request>,
  say: (data: Buffer) => void,
): Promise<boolean> {
  const confinement = call.held.confinement;
  if (!confinement?.boxed) return false;
  const note = (text: string): void => say(Buffer.from(`\n[${text}]\n`));
  const reason = ending.blames(confinement);
  if (!reason) {
    const denied = ending.denied(confinement);
    if (denied) note(`The command ran in a box, where a rule keeps ${denied} from it.`);
    return false;
  }
  note(`The command ran in a box and failed. ${reason} Asking whether it may run outside.`);
  const why = await call.askOutside({ ...about, reason: `It failed in its box. ${reason}` });
  note(why || "It runs again, outside of the box.");
  return why === "";
}

function makeGrep(shop: Workshop, call: Call): Definition {
  let text: string | null = null;
  const operations: Pi.GrepOperations = {
    // Pi would search what the path leads to by then: its own search never begins.
    isDirectory: async (path) => {
      const real = await call.askPath("search", path);
      const isDirectory = (await stat(real)).isDirectory();
      try {
        text = await grep(shop.pi, call.input as Wish, { rg: shop.rg, real, isDirectory, signal: call.signal });
      } catch (error) {
        throw call.stop(error as Error);
      }
      throw new Searched();
    },
  };
  const definition = shop.pi.createGrepToolDefinition(shop.cwd, { operations });
  return {
    ...definition,
    execute: async (...args) => {
      try {
        return await definition.execute(...args);
      } catch (error) {
        if (text === null) throw error;
        return { content: [{ type: "text", text }], details: undefined };
      }
    },
  };
}

/** The search is over, with what it found. */
class Searched extends Error {}

function makeFind(shop: Workshop, call: Call): Definition {
  const operations: Pi.FindOperations = {
    exists: async (path) => {
      const real = await call.askPath("search", path);
      if (!(await exists(real))) return false;
      if ((await stat(real)).isDirectory()) return true;
      throw call.stop(new Error(`${real} is not a directory`));
    },
    glob: (pattern, _root, { ignore, limit }) =>
      findFiles({ rg: shop.rg, pattern, root: call.path, ignore, limit, signal: call.signal }),
  };
  return shop.pi.createFindToolDefinition(shop.cwd, { operations });
}

function makeLs(shop: Workshop, call: Call): Definition {
  let listing: Listing | null = null;
  const operations: Pi.LsOperations = {
    exists: async (path) => exists(await call.askPath("list", path)),
    // First of the directory, then of each name that was in it.
    stat: async (path) => (listing ? listing.kindOf(basename(path)) : stat(call.path)),
    readdir: async () => {
      listing = await Listing.of(call.path);
      return listing.names;
    },
  };
  return shop.pi.createLsToolDefinition(shop.cwd, { operations });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
