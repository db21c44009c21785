// Owns a workshop that a test calls tools in, as Pi would, and answers what they ask.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Ask } from "../src/lines.gen.ts";
import { Gate } from "../src/gate.ts";
import { Groups } from "../src/groups.ts";
import { Outputs } from "../src/outputs.ts";
import { loadPi } from "../src/pi.ts";
import { ToolCalls } from "../src/toolcalls.ts";
import { guardedTools } from "../src/tools.ts";
import { Unfinished } from "../src/unfinished.ts";
import { Workspace } from "../src/workspace.ts";
import { Recorder } from "./recorder.ts";
import { scratch } from "./scratch.ts";

const pi = await loadPi();
const rg = process.env["CLAUDETTE_RG"] ?? Bun.which("rg", { PATH: `${join(import.meta.dir, "../../.venv/bin")}:${process.env["PATH"]}` }) ?? "rg";
process.env["PATH"] = `${join(rg, "..")}:${process.env["PATH"]}`;
process.env["PI_OFFLINE"] = "1";

export let out: Recorder;
export let gate: Gate;
let calls: ToolCalls;
export let root: string;
export let work: string;
let count = 0;

let workspace: Workspace;
let outputs: Outputs;

/** Before each test. */
export function openShop(): void {
  out = new Recorder();
  gate = new Gate(out);
  calls = new ToolCalls(out);
  root = scratch();
  work = join(root, "work");
  mkdirSync(work);
  workspace = Workspace.take(work, join(root, "workspace.json"));
  mkdirSync(join(root, "temp"));
  outputs = new Outputs(join(root, "temp"), 1.5e6);
  process.env["TMPDIR"] = join(root, "temp");
}

export interface Result {
  content: Array<{ type: string; text?: string }>;
  isError?: boolean;
  structuredContent?: { exit_code?: number };
}

/** Calls a tool as Pi would; the caller answers what it asks. */
export function call(tool: string, input: object, signal?: AbortSignal): Promise<Result> {
  const tools = guardedTools({
    pi, gate, calls, groups: new Groups(out), cwd: work, tempDir: join(root, "temp"), outputs, umask: 0o022, rg,
    unfinished: new Unfinished(join(root, "unfinished")),
    workspace,
    shell: { shell: "/bin/bash", args: ["-c"] },
    toolEnv: () => ({ PATH: process.env["PATH"] }),
  });
  const definition = tools.find(({ name }) => name === tool)!;
  const id = `c${(count += 1)}`;
  calls.written(id, tool, input);
  const context = { cwd: work, sessionManager: pi.SessionManager.inMemory(work) } as never;
  const result = definition.execute(id, input, signal, undefined, context);
  // The test looks at the result later; it may have failed by then.
  result.catch(() => {});
  return result as Promise<Result>;
}

export async function answer(nth = 0, allow = true, reason = ""): Promise<Ask> {
  const ask = await out.next("ask", nth);
  gate.decide({ type: "decide", ask: ask.ask, allow, reason });
  return ask;
}

export const textOf = (result: Result): string => result.content.map((part) => part.text ?? "").join("");
export const put = (name: string, text: string): void => writeFileSync(join(work, name), text);
export const get = (name: string): string => readFileSync(join(work, name), "utf8");
export const edit = (name: string, oldText: string, newText: string): Promise<Result> =>
  call("edit", { path: name, edits: [{ oldText, newText }] });
