// Owns one chat, live: its transcript in a window, what waits in it, and the message one writes.

import { type Signal, signal } from "@preact/signals";
import { memo } from "preact/compat";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Chat, Item, ItemGetResult, TurnSendResult } from "../../protocol.ts";
import { Diff, PermissionCard, QuestionCard } from "./card.tsx";
import { byteLength, type Fold } from "./fold.ts";
import { type Added, Chosen, filesOf, Shown, withMore } from "./images.tsx";
import { Refused } from "./link.ts";
import { Prose } from "./markdown.tsx";
import { Picker } from "./picker.tsx";
import { attempt, call, earlier, may, open, trouble } from "./state.ts";
import { bytes, money, newKey, visible } from "./text.ts";

/** How many items are drawn beyond what is seen. */
const SPARE = 15;
const GUESSED = 90;
/** How near to the top earlier items are asked for. */
const EARLY = 600;
const LEVELS = ["readonly", "standard", "confined", "full"];

export function ChatPage() {
  const now = open.value;
  if (!now) return trouble.value ? <p class="empty"><a href="#/chats">All chats</a></p> : <p class="empty">Loading…</p>;
  if (now.fold.deleted) return <p class="empty">This chat was deleted. <a href="#/chats">All chats</a></p>;
  return <OneChat key={now.fold.chat.id} fold={now.fold} version={now.version} />;
}

function OneChat({ fold, version }: { fold: Fold; version: number }) {
  const [settings, setSettings] = useState(false);
  const asks = fold.permissions.size + fold.questions.size > 0;
  return (
    <div class="chat" data-chat={fold.chat.id}>
      <Head chat={fold.chat} asks={asks} settings={settings} toggle={() => setSettings(!settings)} />
      {settings ? (
        <Settings chat={fold.chat} done={() => setSettings(false)} />
      ) : (
        <>
          <Transcript fold={fold} version={version} />
          <div class="asks">
            {[...fold.permissions.values()].map((one) => <PermissionCard key={one.id} permission={one} here />)}
            {[...fold.questions.values()].map((one) => <QuestionCard key={one.id} question={one} here />)}
          </div>
          {may("work") && <Composer fold={fold} version={version} rows={asks ? 1 : 2} />}
        </>
      )}
    </div>
  );
}

interface HeadProps {
  chat: Chat;
  /** Cards below say what the chat waits for. */
  asks: boolean;
  settings: boolean;
  toggle: () => void;
}

function Head({ chat, asks, settings, toggle }: HeadProps) {
  const used = chat.context?.used;
  const size = chat.context?.window;
  return (
    <header class="bar">
      <h1><bdi>{visible(chat.title || chat.workspace)}</bdi></h1>
      <p class="facts">
        {/* First, because facts come and go under a finger, which must not miss it. */}
        <button type="button" aria-expanded={settings} onClick={toggle}>
          {settings ? "Close" : visible(chat.modelUsed || chat.model || "model")}
        </button>
        <span class={`status ${chat.status.name}`}>{chat.status.name}</span>
        {chat.status.why && !asks && <span>{visible(chat.status.why)}</span>}
        <span>{chat.level}</span>
        {used != null && size && <span><meter aria-label="Context in use" min={0} max={size} value={used} /> {Math.round((used / size) * 100)} %</span>}
        {chat.totals?.costUsd != null && <span>{money(chat.totals.costUsd)}</span>}
      </p>
    </header>
  );
}

function Settings({ chat, done }: { chat: Chat; done: () => void }) {
  if (!may("configure")) return <p class="why">This device may not change model or level.</p>;
  const configure = async (change: object) => {
    if (await attempt(call("chat/configure", { chatId: chat.id, ...change }))) done();
  };
  return (
    <section class="settings" aria-label="Model and level">
      <label>
        Level{" "}
        <select value={chat.level} onChange={(event) => void configure({ level: event.currentTarget.value })}>
          {LEVELS.map((level) => <option>{level}</option>)}
        </select>
      </label>
      <Picker chosen={chat.model ?? ""} choose={(model) => void configure({ model })} />
    </section>
  );
}

/** Draws the items that are near what is seen; the others are as high as they were, or as guessed. */
function Transcript({ fold, version }: { fold: Fold; version: number }) {
  const box = useRef<HTMLDivElement>(null);
  const heights = useRef(new Map<string, number>());
  const [top, setTop] = useState(Number.POSITIVE_INFINITY);
  const stuck = useRef(true);
  const before = useRef({ first: "", height: 0 });
  const items = shownItems(fold);
  const height = box.current?.clientHeight ?? 800;
  const window_ = windowOf(items, heights.current, top, height);
  useLayoutEffect(() => {
    const node = box.current!;
    for (const child of node.querySelectorAll<HTMLElement>("[data-id]")) {
      heights.current.set(child.dataset["id"]!, child.offsetHeight);
    }
    const first = items[0]?.id ?? "";
    if (stuck.current) {
      node.scrollTop = node.scrollHeight;
    } else if (first !== before.current.first) {
      // Earlier ones came: what was seen stays where it was.
      node.scrollTop += node.scrollHeight - before.current.height;
      setTop(node.scrollTop);
    }
    before.current = { first, height: node.scrollHeight };
  }, [version, items.length, window_.from, window_.to]);
  const scrolled = (node: HTMLElement) => {
    stuck.current = node.scrollHeight - node.scrollTop - node.clientHeight < 40;
    setTop(stuck.current ? Number.POSITIVE_INFINITY : node.scrollTop);
    if (node.scrollTop < EARLY && fold.older) void attempt(earlier());
  };
  return (
    <div class="transcript" ref={box} onScroll={(event) => scrolled(event.currentTarget)} tabIndex={0} role="log" aria-live="off" aria-label="Transcript">
      {fold.older && <button type="button" class="older" onClick={() => void attempt(earlier())}>Show earlier messages</button>}
      <div style={{ height: window_.above }} />
      {items.slice(window_.from, window_.to).map((item) => <Entry key={item.id} item={item} chatId={fold.chat.id} />)}
      <div style={{ height: window_.below }} />
    </div>
  );
}

function shownItems(fold: Fold): Item[] {
  return [...fold.items.filter((item) => item.status !== "discarded"), ...fold.open.values()];
}

interface Window {
  from: number;
  to: number;
  above: number;
  below: number;
}

export function windowOf(
  items: Item[], heights: Map<string, number>, top: number, height: number,
): Window {
  const sizes = items.map((item) => heights.get(item.id) ?? GUESSED);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const start = Math.min(top, Math.max(0, total - height));
  let from = 0;
  let above = 0;
  while (from < items.length && above + sizes[from]! < start) above += sizes[from++]!;
  let to = from;
  let seen = above;
  while (to < items.length && seen < start + height) seen += sizes[to++]!;
  for (let spare = 0; spare < SPARE && from > 0; spare += 1) above -= sizes[--from]!;
  for (let spare = 0; spare < SPARE && to < items.length; spare += 1) seen += sizes[to++]!;
  return { from, to, above, below: total - seen };
}

const Entry = memo(function Entry({ item, chatId }: { item: Item; chatId: string }) {
  return (
    <div class={`entry ${item.kind} ${item.status}`} data-id={item.id}>
      {body(item)}
      <Shown images={item.images} chatId={chatId} />
      {item.status !== "open" && <Rest item={item} chatId={chatId} />}
    </div>
  );
});

function body(item: Item) {
  const text = item.text ?? "";
  switch (item.kind) {
    case "user":
      return text ? <p class="said">{visible(text)}</p> : null;
    case "message":
      return <Prose text={text} grows={item.status === "open"} />;
    case "reasoning":
      return <details><summary>Reasoning</summary><p class="said">{visible(text)}</p></details>;
    case "tool":
      return <Tool item={item} />;
    case "compaction":
      return <p class="notice">The conversation so far was summarised.</p>;
    default:
      return <p class={`notice ${item.notice ?? ""}`}>{visible(text)}</p>;
  }
}

function Tool({ item }: { item: Item }) {
  const tool = item.tool;
  const failed = tool?.error || (tool?.exitCode ?? 0) !== 0;
  return (
    <details>
      <summary>
        <b>{visible(tool?.name ?? "tool")}</b> <bdi>{visible(tool?.title ?? "")}</bdi>{" "}
        {failed && <em class="failed">{tool?.exitCode != null ? `exit ${tool.exitCode}` : "failed"}</em>}
        {item.status === "open" && <em>{tool?.phase}</em>}
      </summary>
      {tool?.error && <p class="failed">{visible(tool.error)}</p>}
      {tool?.diff && <Diff text={tool.diff} />}
      {item.text && <pre tabIndex={0}><code>{visible(item.text)}</code></pre>}
    </details>
  );
}

/** What a closed item had no room for, read when somebody wants to see it. */
function Rest({ item, chatId }: { item: Item; chatId: string }) {
  const [more, setMore] = useState("");
  const held = byteLength(item.text ?? "") + byteLength(more);
  const left = (item.textBytes ?? 0) - held;
  const read = async () => {
    const params = { chatId, itemId: item.id, offset: held };
    const piece = await attempt(call<ItemGetResult>("item/get", params));
    if (piece) setMore(more + piece.text);
  };
  return (
    <>
      {more && <pre tabIndex={0}><code>{visible(more)}</code></pre>}
      {left > 0 && <button type="button" onClick={() => void read()}>{bytes(left)} more</button>}
    </>
  );
}

/** What was written and not sent, by chat. */
const drafts = signal(new Map<string, string>());
const chosen = signal(new Map<string, Added[]>());
const NO_IMAGES: Added[] = [];

interface Unanswered {
  text: string;
  images: Added[];
  key: string;
}
/** By chat, what came back to be written because no answer came. It may have been sent all the same:
 * as long as nobody changes it, it is sent again under its key, and so is done once, also where it
 * is sent in another way. */
const unanswered = new Map<string, Unanswered>();

/** A first message that was not answered, before its chat is shown or while it is. */
export function putBack(chatId: string, text: string, key: string): void {
  if (drafts.value.get(chatId)) return;
  drafts.value = new Map(drafts.value).set(chatId, text);
  unanswered.set(chatId, { text, images: NO_IMAGES, key });
}

/** Whether the daemon had taken what was sent again, in the way it was sent before. */
async function taken(sending: Promise<TurnSendResult>): Promise<TurnSendResult | "before"> {
  try {
    return await sending;
  } catch (fault) {
    if (fault instanceof Refused && fault.data.name === "KeyReused") return "before";
    throw fault;
  }
}

/** What is kept of a chat, and is there again when one comes back to it. */
function keptOf<T>(kept: Signal<Map<string, T>>, chatId: string, none: T): [T, (now: T) => void] {
  const keep = (now: T) => {
    kept.value = new Map(kept.value).set(chatId, now);
  };
  return [kept.value.get(chatId) ?? none, keep];
}

/** `version` changes with the fold, which is the same object all the time. */
function Composer({ fold, version, rows }: { fold: Fold; version: number; rows: number }) {
  const chatId = fold.chat.id;
  const [text, setText] = keptOf(drafts, chatId, "");
  const [images, setImages] = keptOf(chosen, chatId, NO_IMAGES);
  const sees = fold.chat.capabilities?.images === true;
  const add = async (files: File[]) => {
    const now = await attempt(withMore(files, images));
    if (now) setImages(now);
  };
  const pasted = (event: ClipboardEvent) => {
    const files = filesOf(event.clipboardData);
    if (!sees || !files.length) return;
    event.preventDefault();
    void add(files);
  };
  const empty = !text.trim() && !images.length;
  const running = fold.turn?.state === "running";
  const send = async (when: "auto" | "queue" | "steer") => {
    if (empty) return;
    const shown = images.map(({ bitmap: _, ...image }) => image);
    const message = { text: text.trim() ? text : "", ...(shown.length ? { images: shown } : {}) };
    const last = unanswered.get(chatId);
    const again = last?.text === text && last.images === images;
    const key = again ? last.key : newKey();
    unanswered.delete(chatId);
    // At once, so that nothing goes of what is written before the answer is there.
    setText("");
    setImages(NO_IMAGES);
    const sent = await attempt(taken(call("turn/send", { chatId, ...message, when, key })));
    const untouched = [!drafts.value.get(chatId), !chosen.value.get(chatId)?.length];
    if (!sent && untouched[0]) setText(text);
    if (!sent && untouched[1]) setImages(images);
    if (!sent && untouched.every(Boolean)) unanswered.set(chatId, { text, images, key });
    if (sent === "before") trouble.value = "The message had been taken before; it is not sent twice.";
    else if (sent?.state === "command" && sent.text) trouble.value = sent.text;
  };
  const typed = (now: string) => {
    unanswered.delete(chatId);
    setText(now);
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void send("auto");
  };
  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); void send("auto"); }}>
      <Queue fold={fold} version={version} />
      <Chosen images={images} drop={(at) => setImages(images.filter((_, other) => other !== at))} />
      <label class="hidden" for="message">Message</label>
      <textarea id="message" rows={rows} value={text} placeholder="Message" onKeyDown={keyed} onPaste={pasted} onInput={(event) => typed(event.currentTarget.value)} />
      <div class="choices">
        {sees && <FileButton add={(files) => void add(files)} />}
        {running && <button type="button" class="deny" onClick={() => void attempt(call("turn/stop", { chatId }))}>Stop</button>}
        {running && fold.chat.capabilities?.steer !== false && <button type="button" disabled={empty} onClick={() => void send("steer")}>Steer</button>}
        <button type="submit" class="allow" disabled={empty}>{running ? "Queue" : "Send"}</button>
      </div>
    </form>
  );
}

function FileButton({ add }: { add: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const chose = (node: HTMLInputElement) => {
    add([...(node.files ?? [])]);
    node.value = "";
  };
  return (
    <>
      <button type="button" onClick={() => input.current!.click()}>Image</button>
      <input ref={input} type="file" hidden multiple accept="image/*" onChange={(event) => chose(event.currentTarget)} />
    </>
  );
}

function Queue({ fold }: { fold: Fold; version: number }) {
  const chatId = fold.chat.id;
  if (!fold.queue.length) return null;
  return (
    <ul class="queue" aria-label="Queued messages">
      {fold.queue.map((entry) => (
        <li key={entry.turnId}>
          <span>{visible(entry.text)}{entry.images?.map((one) => ` [${visible(one.name || "image")}]`)}</span>
          <button type="button" onClick={() => void attempt(call("queue/remove", { chatId, turnId: entry.turnId }))}>Remove</button>
        </li>
      ))}
      {fold.queuePaused && <li><span>Paused.</span><button type="button" onClick={() => void attempt(call("queue/resume", { chatId }))}>Go on</button></li>}
    </ul>
  );
}
