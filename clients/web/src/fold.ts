// Owns the fold: what a chat is after a snapshot and the events and deltas that followed. No I/O.
// The rules are those of clients/PROTOCOL.md; tests/golden/folds holds a case for each.

import type {
  Chat, DeltaParams, Event, EventParams, EventSubscribeResult, Item, Permission, Question,
  QueueEntry, SidecarInfo, Turn, Usage,
} from "../../protocol.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Fold {
  chat!: Chat;
  seq = 0;
  older: string | null = null;
  turn: Turn | null = null;
  items: Item[] = [];
  open = new Map<string, Item>();
  permissions = new Map<string, Permission>();
  questions = new Map<string, Question>();
  queue: QueueEntry[] = [];
  queuePaused = false;
  sidecar: SidecarInfo | null = null;
  compacting = false;
  deleted = false;
  /** Open items whose text misses a piece: whoever drives the fold reads it and calls `fill`. */
  gaps = new Set<string>();
  private journal = "";
  private places = new Map<string, [string, number]>();
  /** Bytes of the texts of open items that deltas came for: counting them takes its time. */
  private sizes = new Map<string, number>();

  get cursor(): string | null {
    return this.journal ? `${this.journal}.${this.seq}` : null;
  }

  snapshot(result: EventSubscribeResult): void {
    const told = result.snapshot;
    if (result.resumed || !told) return;
    this.chat = told.chat;
    this.seq = told.seq;
    this.journal = told.cursor.slice(0, told.cursor.lastIndexOf("."));
    this.older = told.history ?? null;
    this.turn = told.turn ?? null;
    this.items = [...(told.items ?? [])];
    this.open = new Map((told.open ?? []).map((item) => [item.id, { ...item }]));
    this.places = new Map();
    this.sizes = new Map();
    for (const item of [...this.items, ...this.open.values()]) this.place(item);
    this.permissions = new Map((told.permissions ?? []).map((one) => [one.id, one]));
    this.questions = new Map((told.questions ?? []).map((one) => [one.id, one]));
    this.queue = told.queue ?? [];
    this.queuePaused = told.queuePaused ?? false;
    this.sidecar = told.sidecar ?? null;
    this.compacting = told.chat.status.name === "compacting";
    this.gaps = new Set([...this.open.values()].filter(isCut).map((item) => item.id));
  }

  /** An event that was taken before changes nothing. */
  event(params: EventParams): void {
    if (params.seq <= this.seq) return;
    this.seq = params.seq;
    this.apply(params.event);
    this.chat = { ...this.chat, updatedAt: params.at };
  }

  /** Replaces what is held from its offset on. */
  delta(params: DeltaParams): void {
    const item = this.open.get(params.itemId);
    if (item) this.put(item, params.offset, params.text);
  }

  /** Takes a piece that was read with `item/get`. */
  fill(itemId: string, offset: number, text: string): void {
    this.gaps.delete(itemId);
    const item = this.open.get(itemId);
    if (item) this.put(item, offset, text);
  }

  /** Bytes of the open item's text without a gap before them. */
  held(itemId: string): number {
    return this.sizes.get(itemId) ?? byteLength(this.open.get(itemId)?.text ?? "");
  }

  /** Takes a page of `chat/history` before what is held. */
  earlier(items: Item[], cursor: string | null): void {
    this.items = [...items, ...this.items];
    this.older = cursor;
  }

  private place(item: Item): [string, number] {
    const known = this.places.get(item.id);
    if (known) return known;
    const place: [string, number] = [item.openedAt ?? "", this.places.size];
    this.places.set(item.id, place);
    return place;
  }

  private insert(item: Item): void {
    const place = this.place(item);
    let index = this.items.length;
    while (index > 0 && isAfter(this.places.get(this.items[index - 1]!.id), place)) index -= 1;
    this.items = [...this.items.slice(0, index), item, ...this.items.slice(index)];
  }

  private put(item: Item, offset: number, piece: string): void {
    const text = item.text ?? "";
    const held = this.held(item.id);
    if (offset > held) {
      this.gaps.add(item.id);
      return;
    }
    const kept = offset === held ? text : decoder.decode(encoder.encode(text).slice(0, offset));
    const size = offset + byteLength(piece);
    this.sizes.set(item.id, size);
    this.open.set(item.id, { ...item, text: kept + piece, textBytes: size });
  }

  private change(changes: Partial<Chat>): void {
    this.chat = { ...this.chat, ...changes };
  }

  private count(usage: Usage | null | undefined): void {
    this.change({ totals: addUsage(this.chat.totals ?? {}, usage ?? {}) });
  }

  private apply(event: Event): void {
    switch (event.type) {
      case "chat/created":
      case "chat/configured":
        this.chat = event.chat;
        break;
      case "chat/archived":
        this.change({ archivedAt: event.at });
        break;
      case "chat/restored":
        this.change({ archivedAt: "" });
        break;
      case "chat/reset":
        if (event.hidden) [this.items, this.older] = [[], null];
        break;
      case "chat/deleted":
        this.deleted = true;
        break;
      case "status/changed":
        this.change({ status: event.status });
        break;
      case "turn/started":
        this.turn = event.turn;
        break;
      case "turn/ended":
        this.turn = event.turn;
        this.count(event.turn.usage);
        break;
      case "queue/changed":
        this.queue = event.entries ?? [];
        this.queuePaused = event.paused ?? false;
        this.change({ queueLength: this.queue.length });
        break;
      case "permission/opened":
        this.permissions.set(event.permission.id, event.permission);
        this.change({ openPermissions: this.permissions.size });
        break;
      case "permission/resolved":
        this.permissions.delete(event.permissionId);
        this.change({ openPermissions: this.permissions.size });
        break;
      case "question/opened":
        this.questions.set(event.question.id, event.question);
        this.change({ openQuestions: this.questions.size });
        break;
      case "question/resolved":
        this.questions.delete(event.questionId);
        this.change({ openQuestions: this.questions.size });
        break;
      case "compaction/started":
        this.compacting = true;
        break;
      case "compaction/ended":
        this.compacting = false;
        this.count(event.compaction.usage);
        break;
      case "context/changed":
        this.change({ context: event.context });
        break;
      case "attention/raised":
        this.change({ attention: [...this.without(event.why), event.why] });
        break;
      case "attention/cleared":
        this.change({ attention: this.without(event.why) });
        break;
      case "sidecar/started":
        this.sidecar = event.sidecar;
        break;
      case "sidecar/stopped":
      case "sidecar/lost":
        [this.sidecar, this.compacting] = [null, false];
        break;
      default:
        this.applyToItems(event);
    }
  }

  private applyToItems(event: Event): void {
    if (event.type === "item/added") this.insert(event.item);
    if (event.type === "item/opened") {
      this.place(event.item);
      this.sizes.delete(event.item.id);
      this.open.set(event.item.id, { ...event.item });
    }
    if (event.type === "item/changed") {
      const before = this.open.get(event.item.id);
      if (before) this.open.set(event.item.id, { ...event.item, ...textOf(before) });
    }
    if (event.type === "item/closed") {
      this.open.delete(event.item.id);
      this.sizes.delete(event.item.id);
      this.gaps.delete(event.item.id);
      this.insert(event.item);
    }
  }

  private without(why: string): NonNullable<Chat["attention"]> {
    return (this.chat.attention ?? []).filter((one) => one !== why);
  }
}

function textOf(item: Item): Partial<Item> {
  return item.text === undefined ? {} : { text: item.text, textBytes: item.textBytes ?? 0 };
}

function isAfter(place: [string, number] | undefined, other: [string, number]): boolean {
  if (!place) return false;
  return place[0] === other[0] ? place[1] > other[1] : place[0] > other[0];
}

function isCut(item: Item): boolean {
  return (item.textBytes ?? 0) > byteLength(item.text ?? "");
}

export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** Sums tokens and money. Money nobody knows is none; with one estimate the sum is one. */
function addUsage(total: Usage, more: Usage): Usage {
  const costs = [total.costUsd, more.costUsd].filter((cost) => cost != null);
  const estimated = [total.costSource, more.costSource].includes("catalogue");
  return {
    input: (total.input ?? 0) + (more.input ?? 0),
    output: (total.output ?? 0) + (more.output ?? 0),
    cacheRead: (total.cacheRead ?? 0) + (more.cacheRead ?? 0),
    cacheWrite: (total.cacheWrite ?? 0) + (more.cacheWrite ?? 0),
    reasoning: (total.reasoning ?? 0) + (more.reasoning ?? 0),
    costUsd: costs.length ? costs.reduce((sum, cost) => sum + cost, 0) : null,
    costSource: estimated ? "catalogue" : (more.costSource ?? total.costSource ?? null),
  };
}
