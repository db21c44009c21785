// Owns the tools the model has: Pi's own definitions, each call asking the gate before it touches
// anything. They ask inside Pi's operations, where Pi has resolved the path it will use.

import { constants } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, relative } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { baseOf, Changed, diffOf, hashOf, writeApproved, type Base } from "./edits.ts";
import { digestOf, GaveUp, Refused, type Gate } from "./gate.ts";
import type { Groups } from "./groups.ts";
import type { Access, Request } from "./lines.gen.ts";
import { isMissing, Moved, openFile, realTarget } from "./paths.ts";
import { findFiles } from "./search.ts";
import { runCommand } from "./shell.ts";
import { OutputStream } from "./stream.ts";
import type { ToolCalls } from "./toolcalls.ts";

export const READERS = ["read", "grep", "find", "ls"];
export const ALL_TOOLS = ["read", "bash", "edit", "write", "grep", "find", "ls"];

/** What the tools need of the harness around them. */
export interface Workshop {
  pi: typeof Pi;
  gate: Gate;
  calls: ToolCalls;
  groups: Groups;
  cwd: string;
  tempDir: string;
  umask: number;
  rg: string;
  shell: { shell: string; args: string[]; prefix?: string | undefined };
  toolEnv: (fromPi: Record<string, string | undefined>) => Record<string, string | undefined>;
}

type Definition = Pi.ToolDefinition<any, any, any>;
type Execute = Definition["execute"];
type Maker = (shop: Workshop, call: Call) => Definition;

/** One call on its way from the model's arguments to its result. */
class Call {
  asked = "";
  path = "";
  private stopped: Error | null = null;

  constructor(
    private readonly shop: Workshop,
    readonly tool: string,
    readonly id: string,
    readonly input: unknown,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** Throws when the call may not run; remembers it, because some tools swallow what is thrown. */
  async ask(access: Access, about: Partial<Request>, seal: Record<string, unknown> = {}): Promise<void> {
    const { tool, input } = this;
    const digest = digestOf({ tool, access, input, paths: about.paths, cwd: about.cwd, ...seal });
    const request: Request = { tool, access, digest, cwd: this.shop.cwd, ...about };
    const question = { item: this.shop.calls.item(this.id, tool), request, signal: this.signal };
    this.shop.calls.asking(this.id, input);
    try {
      this.asked = await this.shop.gate.ask({ ...question, supersedes: this.asked });
    } catch (error) {
      this.stopped = error as Error;
      throw error;
    }
    if (about.diff === undefined) this.shop.calls.running(this.id);
    else this.shop.calls.changes(this.id, about.diff);
  }

  /** Asks to read the place, and holds Pi to the real path that was asked about. */
  async askPath(access: Access, path: string): Promise<string> {
    this.path = await realTarget(path);
    await this.ask(access, { paths: [this.path] });
    if ((await realTarget(path)) !== this.path) throw this.stop(new Moved(path));
    return this.path;
  }

  stop(error: Error): Error {
    this.stopped = error;
    return error;
  }

  /** The reason for a failure: ours when we stopped it, the tool's otherwise. */
  cause(error: unknown): unknown {
    return this.stopped ?? error;
  }
}

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
        return await make(shop, call).execute(id, input, signal, onUpdate, ctx);
      } catch (error) {
        const cause = call.cause(error);
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
  const read = async (path: string): Promise<Buffer> => {
    const handle = await openFile(path, constants.O_RDONLY);
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  };
  const operations: Pi.ReadOperations = {
    access: async (path) => {
      const real = await call.askPath("read", path);
      await (await openFile(real, constants.O_RDONLY)).close();
    },
    readFile: () => read(call.path),
    createReadStream: (_path, { signal }) => chunksOf(call.path, signal),
    detectImageMimeType: () => shop.pi.detectSupportedImageMimeTypeFromFile(call.path),
  };
  return shop.pi.createReadToolDefinition(shop.cwd, { operations });
}

/** A growing file ends where it ended when it was opened. */
async function* chunksOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const handle = await openFile(path, constants.O_RDONLY);
  try {
    const found = await handle.stat();
    const end = found.isFile() && found.size > 0 ? { end: found.size - 1 } : {};
    yield* handle.createReadStream({ ...end, ...(signal ? { signal } : {}), autoClose: false });
  } finally {
    await handle.close();
  }
}

function makeBash(shop: Workshop, call: Call): Definition {
  const exec: Pi.BashOperations["exec"] = async (command, cwd, { onData, signal, timeout, env }) => {
    const input = call.input as { command: string };
    await call.ask("run", { command: input.command, cwd });
    const stream = new OutputStream(shop.calls, call.id);
    const exitCode = await runCommand(
      {
        shell: shop.shell.shell,
        args: [...shop.shell.args, command],
        cwd,
        env: shop.toolEnv(env ?? {}),
        tempDir: shop.tempDir,
        umask: shop.umask,
        item: shop.calls.item(call.id, "bash"),
        onData: (data) => {
          stream.push(data);
          onData(data);
        },
        signal,
        timeout,
      },
      shop.groups,
    ).finally(() => stream.end());
    return { exitCode };
  };
  const { prefix } = shop.shell;
  const options = { operations: { exec }, ...(prefix ? { commandPrefix: prefix } : {}) };
  const definition = shop.pi.createBashToolDefinition(shop.cwd, options);
  // The output goes to people as it comes; Pi's snapshots of it are of no use here.
  return {
    ...definition,
    execute: (id, input, signal, _onUpdate, ctx) =>
      definition.execute(id, input, signal, undefined, ctx),
  };
}

/** Asks about a change and makes it; `base` is the file that the change was worked out on. */
async function change(shop: Workshop, call: Call, base: Base, after: string): Promise<void> {
  const access = call.tool === "edit" ? "edit" : "write";
  const diff = diffOf(base, after, shownPath(base.path, shop.cwd), shop.pi.generateUnifiedPatch);
  const seal = { base: hashOf(base.content), after: hashOf(after) };
  await call.ask(access, { paths: [base.path], diff }, seal);
  try {
    await writeApproved(base, after, shop.umask);
  } catch (error) {
    throw call.stop(error as Error);
  }
}

function shownPath(path: string, cwd: string): string {
  const inside = relative(cwd, path);
  return inside.startsWith("..") || isAbsolute(inside) ? path : inside;
}

function makeEdit(shop: Workshop, call: Call): Definition {
  let base: Base | null = null;
  const operations: Pi.EditOperations = {
    access: async (path) => {
      call.path = await realTarget(path);
      await (await openFile(call.path, constants.O_RDWR)).close();
    },
    readFile: async (path) => {
      base = await baseOf(path);
      return base.content ?? Buffer.alloc(0);
    },
    writeFile: async (path, after) => change(shop, call, base ?? (await baseOf(path)), after),
  };
  return shop.pi.createEditToolDefinition(shop.cwd, { operations });
}

function makeWrite(shop: Workshop, call: Call): Definition {
  const operations: Pi.WriteOperations = {
    // Directories are made together with the file, after the answer.
    mkdir: async () => {},
    writeFile: async (path, after) => {
      call.path = await realTarget(path);
      await change(shop, call, await baseOf(path), after);
    },
  };
  return shop.pi.createWriteToolDefinition(shop.cwd, { operations });
}

function makeGrep(shop: Workshop, call: Call): Definition {
  const operations: Pi.GrepOperations = {
    isDirectory: async (path) => (await stat(await call.askPath("search", path))).isDirectory(),
  };
  return shop.pi.createGrepToolDefinition(shop.cwd, { operations });
}

function makeFind(shop: Workshop, call: Call): Definition {
  const operations: Pi.FindOperations = {
    exists: async (path) => exists(await call.askPath("search", path)),
    glob: (pattern, _root, { ignore, limit }) =>
      findFiles({ rg: shop.rg, pattern, root: call.path, ignore, limit, signal: call.signal }),
  };
  return shop.pi.createFindToolDefinition(shop.cwd, { operations });
}

function makeLs(shop: Workshop, call: Call): Definition {
  const operations: Pi.LsOperations = {
    exists: async (path) => exists(await call.askPath("list", path)),
    stat: (path) => stat(path),
    readdir: () => readdir(call.path),
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
