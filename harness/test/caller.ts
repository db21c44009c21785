// Owns a sidecar of the benchmark: it calls the real tools as a prompt orders, without a model.
// A prompt is JSON: {"tool": NAME, "path": PATH, "lines": N}. A message says when the call began, in
// milliseconds since 1970.

import { mkdtempSync } from "node:fs";
import { join } from "node:path";

import { Gate } from "../src/gate.ts";
import { Groups } from "../src/groups.ts";
import { LineSplitter } from "../src/lines.ts";
import type { Prompt, ToSidecar } from "../src/lines.gen.ts";
import { descriptorSink, Outbox } from "../src/outbox.ts";
import { Outputs } from "../src/outputs.ts";
import { loadPi } from "../src/pi.ts";
import { ToolCalls, type PiToolResult } from "../src/toolcalls.ts";
import { guardedTools } from "../src/tools.ts";
import { Unfinished } from "../src/unfinished.ts";
import { Workspace } from "../src/workspace.ts";

const pi = await loadPi();
const out = new Outbox(descriptorSink(1, () => process.exit(0)));
const gate = new Gate(out);
const calls = new ToolCalls(out);
const scratch = mkdtempSync(join(process.cwd(), "caller-"));
let count = 0;

async function play({ id, turn, text }: Prompt): Promise<void> {
  const { tool, path, lines } = JSON.parse(text) as { tool: string; path: string; lines: number };
  const content = Array.from({ length: lines }, (_, nth) => `    line ${nth} of the file afterwards\n`).join("");
  const input = tool === "write" ? { path, content } : { path };
  out.send({ type: "reply", id });
  const began = performance.timeOrigin + performance.now();
  await callTool(tool, input);
  count += 1;
  out.send({ type: "item.open", item: `m${count}`, kind: "message" });
  out.delta(`m${count}`, `${began}`);
  out.send({ type: "item.close", item: `m${count}`, status: "done" });
  out.send({ type: "turn.end", turn, reason: "done" });
}

async function callTool(name: string, input: object): Promise<void> {
  const cwd = process.cwd();
  const tools = guardedTools({
    pi, gate, calls, groups: new Groups(out), cwd, tempDir: scratch, outputs: new Outputs(scratch, 1e6), umask: 0o022, rg: "rg",
    unfinished: new Unfinished(join(scratch, "unfinished")),
    workspace: Workspace.take(scratch, join(scratch, "workspace.json")),
    shell: { shell: "/bin/sh", args: ["-c"] },
    toolEnv: () => ({}),
  });
  const id = `c${count}`;
  calls.written(id, name, input);
  const context = { cwd, sessionManager: pi.SessionManager.inMemory(cwd) } as never;
  try {
    const result = await tools.find((one) => one.name === name)!.execute(id, input, undefined, undefined, context);
    calls.end(id, result as PiToolResult, false);
  } catch (error) {
    calls.end(id, { content: [{ type: "text", text: String(error) }] }, true);
  }
}

function hear(line: ToSidecar): void {
  if (line.type === "decide") gate.decide(line);
  else if (line.type === "prompt") void play(line);
  else if (line.type === "start") {
    out.send({ type: "reply", id: line.id, result: { sessionPath: line.sessionDir, model: "none/none" } });
  } else if ("id" in line) out.send({ type: "reply", id: line.id });
}

out.send({ type: "hello", level: 1, harness: "pi", version: "0", agentVersion: "0", pid: process.pid });
const splitter = new LineSplitter();
for await (const chunk of Bun.stdin.stream()) {
  for (const line of splitter.push(chunk)) hear(JSON.parse(line) as ToSidecar);
}
process.exit(0);
