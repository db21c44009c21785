// Owns the translation of Pi's session events into lines. Pure: what goes in decides what comes
// out; nothing is read, written or timed here but the length of a compaction.

import { plainError } from "./errors.ts";
import type { CompactionEnd, Trigger, TurnEnd, Usage } from "./lines.gen.ts";
import type { Outlet } from "./outbox.ts";
import { ToolCalls, type PiToolResult } from "./toolcalls.ts";
import { UsageSum, type PiUsage } from "./usage.ts";

interface PiBlock {
  type: string;
  text?: string;
  thinking?: string;
  id?: string;
  name?: string;
  arguments?: unknown;
}

interface PiMessage {
  role: string;
  content?: string | PiBlock[];
  provider?: string;
  model?: string;
  stopReason?: string;
  errorMessage?: string;
  usage?: PiUsage;
}

interface PiUpdate {
  type: string;
  contentIndex: number;
  delta?: string;
  content?: string;
  toolCall?: PiBlock;
  partial?: PiMessage;
}

interface PiCompaction {
  tokensBefore?: number;
  estimatedTokensAfter?: number;
  usage?: PiUsage;
}

/** What is read of Pi's events. Theirs have more, and more kinds, which nobody needs here. */
export interface PiEvent {
  type: string;
  message?: PiMessage;
  assistantMessageEvent?: PiUpdate;
  toolCallId?: string;
  toolName?: string;
  args?: unknown;
  result?: unknown;
  isError?: boolean;
  willRetry?: boolean;
  aborted?: boolean;
  reason?: Trigger;
  errorMessage?: string;
  attempt?: number;
  maxAttempts?: number;
  delayMs?: number;
}

type Status = "done" | "failed" | "stopped" | "discarded";
type Incomplete = NonNullable<TurnEnd["incomplete"]>;

const INCOMPLETE: Record<Exclude<Incomplete, "">, string> = {
  length: "The answer was cut off: the model reached the limit of what it may write at once. Ask it to go on.",
  empty: "The model answered with nothing. If that happens again, check the model and its server's URL.",
  reasoning: "The model reasoned and gave no answer. Ask it to go on, or lower the thinking level.",
};

export class Translator {
  readonly calls: ToolCalls;
  private count = 0;
  /** The items of the message that is being written, by their place in it. */
  private pieces = new Map<number, string>();
  private begun: string[] = [];
  private failed: { items: string[]; calls: string[] } | null = null;
  private usage = new UsageSum();
  private error = "";
  /** What the last answer of the turn lacks. */
  private incomplete: Incomplete = "";
  /** What the message that is being written has of its own so far. */
  private readonly said = new Set<"message" | "reasoning" | "tool">();
  private compactionStartedAt = 0;

  constructor(
    private readonly out: Outlet,
    private readonly onUser: (text: string) => void = () => {},
    private readonly now: () => number = () => performance.now(),
    /** Who is billed for a summary. */
    private readonly provider: () => string = () => "",
  ) {
    this.calls = new ToolCalls(out);
  }

  on(event: PiEvent): void {
    switch (event.type) {
      case "message_start":
        return this.messageStart(event.message);
      case "message_update":
        return this.messageUpdate(event.assistantMessageEvent);
      case "message_end":
        return this.messageEnd(event.message);
      case "tool_execution_start":
        return this.calls.written(event.toolCallId ?? "", event.toolName ?? "", event.args);
      case "tool_execution_end":
        return this.toolEnd(event);
      case "agent_end":
        return this.agentEnd(event);
      case "auto_retry_start":
      case "summarization_retry_scheduled":
        return this.retry(event);
      case "compaction_start":
        return this.compactionStart(event.reason ?? "manual");
      case "compaction_end":
        return this.compactionEnd(event);
    }
  }

  /** Closes what is still open; says how the turn went. */
  endTurn(turn: string, stopped: boolean, thrown = ""): TurnEnd {
    const error = thrown || this.error;
    const left: Status = stopped ? "stopped" : "failed";
    this.settleFailed(left);
    this.closePieces(left);
    this.calls.closeAll(left);
    const usage = this.usage.total();
    const { incomplete } = this;
    this.usage = new UsageSum();
    this.error = this.incomplete = "";
    const end = { type: "turn.end", turn, ...(usage ? { usage } : {}) } as const;
    if (stopped) return { ...end, reason: "stopped" };
    if (error) return { ...end, reason: "failed", error: plainError(error) };
    if (!incomplete) return { ...end, reason: "done" };
    this.out.send({ type: "notice", kind: "info", text: INCOMPLETE[incomplete] });
    return { ...end, reason: "done", incomplete };
  }

  private messageStart(message: PiMessage | undefined): void {
    if (message?.role === "user") this.onUser(plainText(message));
  }

  private messageUpdate(update: PiUpdate | undefined): void {
    switch (update?.type) {
      case "text_delta":
        return this.grow(update, "message");
      case "thinking_delta":
        return this.grow(update, "reasoning");
      case "toolcall_start":
      case "toolcall_delta":
        return this.callBegins(update);
      case "toolcall_end":
        return this.callWritten(update.toolCall);
    }
  }

  private grow(update: PiUpdate, kind: "message" | "reasoning"): void {
    const text = update.delta ?? "";
    if (text === "") return;
    if (text.trim() !== "") this.said.add(kind);
    this.out.delta(this.piece(update.contentIndex, kind, update.partial), text);
  }

  private piece(index: number, kind: "message" | "reasoning", of: PiMessage | undefined): string {
    const held = this.pieces.get(index);
    if (held) return held;
    this.count += 1;
    const item = `${kind === "message" ? "m" : "r"}${this.count}`;
    this.pieces.set(index, item);
    const model = of?.model ? { model: `${of.provider}/${of.model}` } : {};
    this.out.send({ type: "item.open", item, kind, ...model });
    return item;
  }

  private callBegins(update: PiUpdate): void {
    const block = blocksOf(update.partial)[update.contentIndex];
    if (!block?.id || !block.name || this.begun.includes(block.id)) return;
    this.begun.push(block.id);
    this.calls.begin(block.id, block.name);
  }

  private callWritten(block: PiBlock | undefined): void {
    if (!block?.id) return;
    this.said.add("tool");
    if (!this.begun.includes(block.id)) this.begun.push(block.id);
    this.calls.written(block.id, block.name ?? "", block.arguments);
  }

  private messageEnd(message: PiMessage | undefined): void {
    if (message?.role !== "assistant") return;
    this.spent(message.usage, message.provider);
    this.fillIn(message);
    this.error = message.stopReason === "error" ? (message.errorMessage ?? "Unknown error") : "";
    this.incomplete = this.lackOf(message);
    this.said.clear();
    if (message.stopReason === "error") return this.keepFailed();
    this.closePieces(message.stopReason === "aborted" ? "stopped" : "done");
    this.begun = [];
  }

  private lackOf({ stopReason }: PiMessage): Incomplete {
    if (stopReason === "length") return "length";
    if (this.said.has("message") || this.said.has("tool")) return "";
    return this.said.has("reasoning") ? "reasoning" : "empty";
  }

  /** A provider that does not stream says everything at the end. */
  private fillIn(message: PiMessage): void {
    blocksOf(message).forEach((block, index) => {
      const text = block.type === "thinking" ? block.thinking : block.text;
      if (block.type === "toolCall") this.callWritten(block);
      else if (text && !this.pieces.has(index)) {
        const kind = block.type === "thinking" ? "reasoning" : "message";
        if (text.trim() !== "") this.said.add(kind);
        this.out.delta(this.piece(index, kind, message), text);
      }
    });
  }

  /** What a failed attempt said stays open until it is known whether there is another one. */
  private keepFailed(): void {
    this.failed = { items: [...this.pieces.values()], calls: this.begun };
    this.pieces = new Map();
    this.begun = [];
  }

  private settleFailed(status: Status): void {
    const failed = this.failed;
    this.failed = null;
    for (const item of failed?.items ?? []) this.out.send({ type: "item.close", item, status });
    for (const id of failed?.calls ?? []) this.calls.close(id, status);
  }

  private closePieces(status: Status): void {
    for (const item of this.pieces.values()) this.out.send({ type: "item.close", item, status });
    this.pieces = new Map();
  }

  private spent(used: PiUsage | undefined, provider: string | undefined): void {
    if (!this.usage.add(used, provider)) return;
    const usage = this.usage.total();
    if (usage) this.out.send({ type: "usage", usage });
  }

  /** One that was asked for is no turn's; the others count for the turn they happen in. */
  private compactionUsage(trigger: Trigger, used: PiUsage | undefined): Usage | null {
    if (trigger !== "manual") {
      this.spent(used, this.provider());
      return null;
    }
    const sum = new UsageSum();
    sum.add(used, this.provider());
    return sum.total();
  }

  private toolEnd(event: PiEvent): void {
    const result = event.result as PiToolResult | undefined;
    this.calls.end(event.toolCallId ?? "", result, event.isError === true);
  }

  private agentEnd(event: PiEvent): void {
    if (event.willRetry) this.settleFailed("discarded");
  }

  private retry(event: PiEvent): void {
    const seconds = Math.max(1, Math.round((event.delayMs ?? 0) / 1000));
    const again = `trying again in ${seconds} s (${event.attempt} of ${event.maxAttempts})`;
    const why = plainError(event.errorMessage ?? "").replace(/\.$/, "");
    this.out.send({ type: "notice", kind: "retry", text: `${why}; ${again}.` });
  }

  private compactionStart(trigger: Trigger): void {
    if (trigger === "overflow") this.settleFailed("discarded");
    this.compactionStartedAt = this.now();
    this.out.send({ type: "compaction.start", trigger });
  }

  private compactionEnd(event: PiEvent): void {
    const result = event.result as PiCompaction | undefined;
    const end: CompactionEnd = {
      type: "compaction.end",
      trigger: event.reason ?? "manual",
      ok: result !== undefined && event.aborted !== true,
      durationMs: Math.round(this.now() - this.compactionStartedAt),
    };
    if (result?.tokensBefore !== undefined) end.before = result.tokensBefore;
    if (result?.estimatedTokensAfter !== undefined) end.after = result.estimatedTokensAfter;
    const usage = this.compactionUsage(event.reason ?? "manual", result?.usage);
    if (usage) end.usage = usage;
    if (!end.ok) end.error = event.aborted ? "stopped" : plainError(withoutPrefix(event.errorMessage));
    this.out.send(end);
  }
}

function withoutPrefix(error: string | undefined): string {
  return (error ?? "").replace(/^Compaction failed: /, "");
}

function blocksOf(message: PiMessage | undefined): PiBlock[] {
  return Array.isArray(message?.content) ? message.content : [];
}

function plainText(message: PiMessage): string {
  if (typeof message.content === "string") return message.content;
  return blocksOf(message)
    .map((block) => (block.type === "text" ? (block.text ?? "") : ""))
    .join("");
}
