// Owns the items of tool calls: which item a call is, and what is known of it.

import { standIn } from "./images.ts";
import type { ToolInfo } from "./lines.gen.ts";
import { cutText } from "./lines.ts";
import type { Outlet } from "./outbox.ts";
import { titleOf } from "./titles.ts";

const TEXT_BYTES = 1024 * 1024;

type Status = "done" | "failed" | "stopped" | "discarded";

/** The parts of Pi's tool result that anybody sees. */
export interface PiToolResult {
  content?: Array<{ type: string; text?: string; data?: string }>;
  details?: { truncation?: { truncated?: boolean } } | undefined;
  structuredContent?: { exit_code?: number; truncated?: boolean } | undefined;
}

interface Call {
  item: string;
  info: ToolInfo;
  streamed: boolean;
}

export class ToolCalls {
  /** Calls that fail from now on were stopped. */
  stopping = false;
  private count = 0;
  private readonly open = new Map<string, Call>();

  constructor(private readonly out: Outlet) {}

  /** The model has begun to write a call. Its name may still be to come. */
  begin(id: string, name: string): void {
    if (id === "" || this.open.has(id)) return;
    this.count += 1;
    const call = { item: `t${this.count}`, info: { name }, streamed: false };
    this.open.set(id, call);
    this.out.send({ type: "item.open", item: call.item, kind: "tool", tool: call.info });
  }

  /** The item of a call; calls that one tool makes of another begin here. */
  item(id: string, name: string): string {
    this.begin(id, name);
    return this.call(id).item;
  }

  asking(id: string, input: unknown): void {
    this.change(id, { phase: "asking", input, title: titleOf(input) });
  }

  /** The same of a call whose arguments are long: a card does not wait for them. */
  askingFirst(id: string, input: unknown): void {
    const call = this.call(id);
    call.info = { ...call.info, phase: "asking", input, title: titleOf(input) };
    this.out.send({ type: "item.change", item: call.item, tool: { ...call.info, input: {} } });
  }

  /** The arguments that `askingFirst` left out, of a call that is not over yet. */
  given(id: string): void {
    if (this.open.has(id)) this.change(id, {});
  }

  running(id: string): void {
    this.change(id, { phase: "running" });
  }

  /** The change that was allowed; told when the call ends. */
  changes(id: string, diff: string): void {
    const call = this.call(id);
    call.info = { ...call.info, diff };
  }

  output(id: string, text: string): void {
    const call = this.open.get(id);
    if (!call) return;
    call.streamed = true;
    this.out.delta(call.item, text);
  }

  /** What a call looks like before anybody was asked about it. */
  written(id: string, name: string, input: unknown): void {
    this.begin(id, name);
    const call = this.open.get(id);
    if (call) call.info = { ...call.info, name, input, title: titleOf(input) };
  }

  end(id: string, result: PiToolResult | undefined, isError: boolean): void {
    const call = this.open.get(id);
    if (!call) return;
    const text = textOf(result);
    call.info = { ...call.info, ...outcome(result) };
    const told = result?.structuredContent?.exit_code !== undefined;
    if (isError && !told && !this.stopping) call.info = { ...call.info, error: complaint(call, text) };
    const status = !isError ? "done" : this.stopping ? "stopped" : "failed";
    this.close(id, status, call.streamed ? undefined : text);
  }

  close(id: string, status: Status, text?: string): void {
    const call = this.open.get(id);
    if (!call) return;
    this.open.delete(id);
    const tool: ToolInfo = { ...call.info, phase: "ended" };
    const shown = text === undefined ? {} : { text: cutText(text, TEXT_BYTES) };
    this.out.send({ type: "item.close", item: call.item, status, tool, ...shown });
  }

  /** Ends what is left of a turn that is over. */
  closeAll(status: Status): void {
    for (const id of [...this.open.keys()]) this.close(id, status);
  }

  private change(id: string, known: Partial<ToolInfo>): void {
    const call = this.call(id);
    call.info = { ...call.info, ...known };
    this.out.send({ type: "item.change", item: call.item, tool: call.info });
  }

  private call(id: string): Call {
    const call = this.open.get(id);
    if (!call) throw new Error(`No tool call ${id} is open`);
    return call;
  }
}

function textOf(result: PiToolResult | undefined): string {
  return (result?.content ?? []).map(shown).filter(Boolean).join("\n");
}

function shown({ type, text, data }: NonNullable<PiToolResult["content"]>[number]): string {
  return type === "image" ? standIn(data ?? "") : type === "text" ? (text ?? "") : "";
}

function outcome(result: PiToolResult | undefined): Partial<ToolInfo> {
  const exit = result?.structuredContent?.exit_code;
  const cut = result?.details?.truncation?.truncated === true;
  return { ...(exit === undefined ? {} : { exitCode: exit }), ...(cut ? { truncated: true } : {}) };
}

/** What went wrong, without the output that was shown already. */
function complaint(call: Call, text: string): string {
  return call.streamed ? text.slice(text.lastIndexOf("\n\n") + 1).trim() : text;
}
