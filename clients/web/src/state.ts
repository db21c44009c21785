// Owns what the page knows: who it is, what waits, the chats, and the chat that is open.

import { computed, signal } from "@preact/signals";

import type {
  Chat, ChatHistoryResult, ChatListResult, DeltaParams, EventParams, EventSubscribeResult,
  FeedParams, ItemGetResult, Permission, Question,
} from "../../protocol.ts";
import { Fold } from "./fold.ts";
import { type Kept, forget } from "./keep.ts";
import { Link, Refused, type State } from "./link.ts";

const RIGHTS = ["watch", "decide", "work", "configure", "administer"];
const PIECE = 256 * 1024;

export type Route = { page: "inbox" | "chats" | "new" | "more" } | { page: "chat"; id: string };

export const device = signal<Kept | null>(null);
export const link = signal<Link | null>(null);
export const route = signal<Route>({ page: "inbox" });
export const chats = signal<Map<string, Chat>>(new Map());
export const permissions = signal<Map<string, Permission>>(new Map());
export const questions = signal<Map<string, Question>>(new Map());
/** The open chat. `version` changes when the fold did, at most once a frame. */
export const open = signal<{ fold: Fold; version: number } | null>(null);
export const trouble = signal("");
/** Said to a screen reader. */
export const spoken = signal("");

export const state = computed<State>(() => link.value?.state.value ?? "unpaired");
export const waiting = computed(() => permissions.value.size + questions.value.size);

export function may(right: string): boolean {
  return RIGHTS.indexOf(device.value?.right ?? "") >= RIGHTS.indexOf(right);
}

export async function call<T>(method: string, params: object = {}): Promise<T> {
  return link.value!.call<T>(method, params);
}

/** For what a person asked for: what goes wrong is shown to them, and is no exception. */
export async function attempt<T>(work: Promise<T>): Promise<T | null> {
  try {
    const result = await work;
    trouble.value = "";
    return result;
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    trouble.value = fault.message;
    return null;
  }
}

export function start(kept: Kept): void {
  device.value = kept;
  link.value = new Link(kept.token, told, opened);
  link.value.connect();
}

export async function unpair(): Promise<void> {
  await forget();
  location.reload();
}

export function go(to: Route): void {
  const hash = to.page === "chat" ? `#/chat/${to.id}` : `#/${to.page}`;
  if (location.hash !== hash) location.hash = hash;
  else follow();
}

/** Makes the page what the address says. */
export function follow(): void {
  const [, page, id] = location.hash.split("/");
  trouble.value = "";
  if (page === "chat" && id) {
    route.value = { page, id };
    if (open.value?.fold.chat.id !== id) void attempt(subscribe(id));
    return;
  }
  leave();
  route.value = { page: page === "chats" || page === "new" || page === "more" ? page : "inbox" };
}

function leave(): void {
  const chatId = open.value?.fold.chat.id;
  open.value = null;
  if (chatId && state.value === "open") void attempt(call("event/unsubscribe", { chatId }));
}

// After every connection

/** What the feed tells before the page has taken what it changes. */
let news: FeedParams[] | null = null;

async function opened(): Promise<void> {
  const came: FeedParams[] = [];
  news = came;
  const [all, listed] = await Promise.all([
    call<EventSubscribeResult>("event/subscribe", { all: true }),
    call<ChatListResult>("chat/list", { limit: 200 }),
  ]);
  chats.value = new Map((listed.chats ?? []).map((chat) => [chat.id, chat]));
  permissions.value = new Map((all.permissions ?? []).map((one) => [one.id, one]));
  questions.value = new Map((all.questions ?? []).map((one) => [one.id, one]));
  if (news === came) news = null;
  came.forEach(takeFeed);
  const now = route.value;
  if (now.page === "chat") await attempt(subscribe(now.id));
}

/** What comes for a chat between its answer and the moment that the page has taken it. */
const early = new Map<string, Array<(fold: Fold) => void>>();

/** Resumes by cursor what is held, else starts afresh. */
async function subscribe(chatId: string): Promise<void> {
  const held = open.value?.fold;
  const same = held?.chat.id === chatId;
  if (held && !same) leave();
  const fold = same ? held! : new Fold();
  const came: Array<(fold: Fold) => void> = [];
  early.set(chatId, came);
  try {
    const after = fold.cursor ? { after: fold.cursor } : {};
    fold.snapshot(await call<EventSubscribeResult>("event/subscribe", { chatId, ...after }));
  } finally {
    if (early.get(chatId) === came) early.delete(chatId);
  }
  const now = route.value;
  if (now.page !== "chat" || now.id !== chatId) {
    await call("event/unsubscribe", { chatId });
    return;
  }
  for (const apply of came) apply(fold);
  open.value = { fold, version: 0 };
  changed();
  if (may("decide") && fold.chat.attention?.length) void attempt(call("attention/clear", { chatId }));
}

let reading: Fold | null = null;

/** Reads one page of what was before, unless it is being read. */
export async function earlier(): Promise<void> {
  const fold = open.value?.fold;
  if (!fold?.older || reading === fold) return;
  reading = fold;
  try {
    const params = { chatId: fold.chat.id, cursor: fold.older, limit: 100 };
    const page = await call<ChatHistoryResult>("chat/history", params);
    // Unless a reset has hidden them meanwhile.
    if (fold.older === params.cursor) fold.earlier(page.items ?? [], page.cursor ?? null);
  } finally {
    reading = null;
  }
  changed();
}

// What the daemon tells

function told(method: string, params: unknown): void {
  if (method === "event") takeEvent(params as EventParams);
  else if (method === "delta") take(params as DeltaParams, (fold) => fold.delta(params as DeltaParams));
  else if (method === "feed") takeFeed(params as FeedParams);
}

function takeEvent(params: EventParams): void {
  const fold = open.value?.fold;
  if (fold?.chat.id === params.chatId && params.seq > fold.seq + 1 && !early.has(params.chatId)) {
    // Cannot be, and would show a chat with a hole in it: what is missing is asked for.
    void attempt(subscribe(params.chatId));
    return;
  }
  take(params, (taken) => taken.event(params));
}

function take(params: { chatId: string }, apply: (fold: Fold) => void): void {
  const waits = early.get(params.chatId);
  if (waits) {
    waits.push(apply);
    return;
  }
  const fold = open.value?.fold;
  if (!fold || fold.chat.id !== params.chatId) return;
  apply(fold);
  if (fold.gaps.size) void attempt(fillGaps(fold));
  changed();
}

let due = 0;

/** Draws once a frame, however many deltas came. */
function changed(): void {
  if (due) return;
  due = requestAnimationFrame(() => {
    due = 0;
    if (open.value) open.value = { fold: open.value.fold, version: open.value.version + 1 };
  });
}

const filling = new Set<string>();

async function fillGaps(fold: Fold): Promise<void> {
  for (const itemId of [...fold.gaps]) {
    if (filling.has(itemId)) continue;
    filling.add(itemId);
    try {
      while (fold.open.has(itemId)) {
        const params = { chatId: fold.chat.id, itemId, offset: fold.held(itemId), limit: PIECE };
        const piece = await call<ItemGetResult>("item/get", params);
        fold.fill(itemId, piece.offset, piece.text);
        if (!piece.text || fold.held(itemId) >= piece.total) break;
      }
    } finally {
      filling.delete(itemId);
      changed();
    }
  }
}

function takeFeed(params: FeedParams): void {
  if (news) {
    news.push(params);
    return;
  }
  if (params.chat) chats.value = new Map(chats.value).set(params.chat.id, params.chat);
  if (params.subject === "deleted" && params.chatId) chats.value = without(chats.value, params.chatId);
  if (params.permission) {
    permissions.value = new Map(permissions.value).set(params.permission.id, params.permission);
    spoken.value = "A permission request waits.";
  } else if (params.permissionId) {
    permissions.value = without(permissions.value, params.permissionId);
  }
  if (params.question) {
    questions.value = new Map(questions.value).set(params.question.id, params.question);
    spoken.value = "A question waits.";
  } else if (params.questionId) {
    questions.value = without(questions.value, params.questionId);
  }
}

function without<T>(map: Map<string, T>, key: string): Map<string, T> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
