// Owns the identity of tool calls: whatever id a server gives a call, none, an empty one or one that
// it gave before, the call has one of its own from the moment it is heard of.

import { randomUUID } from "node:crypto";

interface Block {
  type: string;
  id?: string;
}

export interface Message {
  role?: string;
  content?: unknown;
}

interface RawCall {
  index?: number;
  id?: string | null;
  function?: { name?: string | null; arguments?: unknown } | null;
  custom?: { name?: string | null; input?: unknown } | null;
}

interface RawChunk {
  choices?: Array<{ delta?: { tool_calls?: RawCall[] | null } | null } | null>;
}

interface Known {
  index: number;
  id: string;
  rawIndex: number | undefined;
  rawId: string;
  args: string;
}

/** The calls of one answer. `earlier` are the messages that it answers. */
export class Identities {
  private readonly taken: Set<string>;
  private readonly settled = new WeakSet<Block>();
  private readonly calls: Known[] = [];

  constructor(earlier: readonly Message[]) {
    this.taken = new Set(earlier.flatMap(callsOf).map(({ id }) => id ?? ""));
  }

  /** Gives every call of a message an id that no other has. */
  settle(message: Message | undefined): void {
    for (const block of callsOf(message ?? {})) {
      if (this.settled.has(block)) continue;
      this.settled.add(block);
      block.id = this.own(block.id ?? "");
    }
  }

  /** The same for a piece of a stream of chat completions, before calls with one id are taken for
   *  one call. */
  settleChunk(chunk: unknown): void {
    for (const choice of (chunk as RawChunk | null)?.choices ?? []) {
      for (const raw of choice?.delta?.tool_calls ?? []) {
        const call = this.continued(raw) ?? this.begun(raw);
        call.args += textOf(raw);
        raw.index = call.index;
        raw.id = call.id;
      }
    }
  }

  private begun(raw: RawCall): Known {
    const index = this.calls.length;
    const call = { index, id: mint(raw.id ?? "", this.rawIds()), rawIndex: raw.index, rawId: raw.id ?? "", args: "" };
    this.calls.push(call);
    return call;
  }

  /** The call that this is a piece of: a call that is whole and is named again is another one. */
  private continued(raw: RawCall): Known | undefined {
    const sameIndex = (call: Known): boolean => call.rawIndex === raw.index;
    const sameId = (call: Known): boolean => !raw.id || !call.rawId || call.rawId === raw.id;
    const call = this.calls.findLast((known) => sameIndex(known) && sameId(known));
    if (!call) return undefined;
    const named = Boolean(raw.function?.name ?? raw.custom?.name);
    if (named && raw.index === undefined && !raw.id) return undefined;
    return named && isWhole(call.args) && textOf(raw) !== "" ? undefined : call;
  }

  private rawIds(): Set<string> {
    return new Set([...this.taken, ...this.calls.map(({ id }) => id)]);
  }

  private own(id: string): string {
    const given = mint(id, this.taken);
    this.taken.add(given);
    return given;
  }
}

function mint(id: string, taken: Set<string>): string {
  return id.trim() !== "" && !taken.has(id) ? id : `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
}

function callsOf(message: Message): Block[] {
  const blocks = Array.isArray(message.content) ? (message.content as Block[]) : [];
  return blocks.filter(({ type }) => type === "toolCall");
}

function textOf(raw: RawCall): string {
  const text = raw.function?.arguments ?? raw.custom?.input ?? "";
  return typeof text === "string" ? text : JSON.stringify(text);
}

function isWhole(args: string): boolean {
  try {
    JSON.parse(args);
    return true;
  } catch {
    return false;
  }
}
