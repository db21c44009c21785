// Owns the pages beside the chat: the inbox, the list of chats, a new chat, and the rest.

import { useEffect, useRef, useState } from "preact/hooks";

import type {
  Chat, ChatResult, DaemonStatusResult, DeviceListResult, UsageGetResult,
} from "../../protocol.ts";
import { PermissionCard, QuestionCard } from "./card.tsx";
import { putBack } from "./chat.tsx";
import { begin, end, look, notified } from "./push.ts";
import { attempt, call, chats, device, go, may, permissions, questions, unpair } from "./state.ts";
import { ago, counted, money, newKey, visible } from "./text.ts";

export function Inbox() {
  const asked = [...permissions.value.values()].sort((a, b) => (a.openedAt < b.openedAt ? -1 : 1));
  const others = [...questions.value.values()];
  const ended = [...chats.value.values()].filter((chat) => wantsLook(chat));
  const empty = !asked.length && !others.length && !ended.length;
  return (
    <section aria-label="Inbox">
      <h1>Inbox</h1>
      {empty && <p class="empty">Nothing waits for you.</p>}
      {asked.map((one) => <PermissionCard key={one.id} permission={one} />)}
      {others.map((one) => <QuestionCard key={one.id} question={one} />)}
      {ended.map((chat) => <Row key={chat.id} chat={chat} />)}
    </section>
  );
}

function wantsLook(chat: Chat): boolean {
  return (chat.attention ?? []).some((why) => why === "ended" || why === "failed");
}

export function Chats() {
  const listed = [...chats.value.values()]
    .filter((chat) => !chat.archivedAt)
    .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
  return (
    <section aria-label="Chats">
      <h1>Chats</h1>
      {may("work") && <button type="button" class="allow" onClick={() => go({ page: "new" })}>New chat</button>}
      {!listed.length && <p class="empty">There are no chats yet.</p>}
      {listed.map((chat) => <Row key={chat.id} chat={chat} />)}
    </section>
  );
}

function Row({ chat }: { chat: Chat }) {
  return (
    <a class="row" href={`#/chat/${chat.id}`}>
      <b><bdi>{visible(chat.title || "Untitled")}</bdi></b>
      <span><bdi>{visible(chat.workspace)}</bdi></span>
      <span><span class={`status ${chat.status.name}`}>{chat.status.name}</span> {ago(chat.updatedAt)}</span>
    </a>
  );
}

export function NewChat() {
  const known = [...new Set([...chats.value.values()].map((chat) => chat.cwd))];
  const [cwd, setCwd] = useState(known[0] ?? "");
  const [text, setText] = useState("");
  // Of what is written now: tapped twice, or again because no answer came, it is begun once.
  const keys = useRef({ of: "", chat: "", message: "" });
  const create = async () => {
    const of = JSON.stringify([cwd, text]);
    if (keys.current.of !== of) keys.current = { of, chat: newKey(), message: newKey() };
    const { chat, message } = keys.current;
    const made = await attempt(call<ChatResult>("chat/create", { cwd, key: chat }));
    if (!made) return;
    const chatId = made.chat.id;
    // First, because it takes away what is said of the page before.
    go({ page: "chat", id: chatId });
    if (!text.trim()) return;
    const sent = await attempt(call("turn/send", { chatId, text, key: message }));
    if (!sent) putBack(chatId, text, message);
  };
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); void create(); }}>
      <h1>New chat</h1>
      <label>
        Directory
        <input list="known" value={cwd} required autocapitalize="off" autocomplete="off" spellcheck={false} onInput={(event) => setCwd(event.currentTarget.value)} />
      </label>
      <datalist id="known">{known.map((path) => <option value={path} />)}</datalist>
      <label>
        First message
        <textarea rows={4} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <button type="submit" class="allow" disabled={!cwd}>Start</button>
    </form>
  );
}

export function More() {
  const [usage, setUsage] = useState<UsageGetResult | null>(null);
  const [devices, setDevices] = useState<DeviceListResult | null>(null);
  const [status, setStatus] = useState<DaemonStatusResult | null>(null);
  const load = () => {
    void attempt(call<UsageGetResult>("usage/get")).then(setUsage);
    void attempt(call<DeviceListResult>("device/list")).then(setDevices);
    void attempt(call<DaemonStatusResult>("daemon/status")).then(setStatus);
  };
  useEffect(load, []);
  const revoke = (deviceId: string) => void attempt(call("device/revoke", { deviceId })).then(load);
  return (
    <section aria-label="More">
      <h1>More</h1>
      <h2>Usage</h2>
      {usage && (
        <dl>
          <dt>Last 24 hours</dt>
          <dd>{counted(usage.lastDay.turns, "turn")} {money(usage.lastDay.usage?.costUsd)}</dd>
          <dt>All time</dt>
          <dd>{counted(usage.total.turns, "turn")} {money(usage.total.usage?.costUsd)}</dd>
          {usage.balance?.remainingUsd != null && <><dt>Left at OpenRouter</dt><dd>{money(usage.balance.remainingUsd)}</dd></>}
        </dl>
      )}
      <h2>Devices</h2>
      <ul class="devices">
        {(devices?.devices ?? []).map((one) => (
          <li key={one.id}>
            <span><b>{visible(one.name)}</b> {one.right}, {one.connections ? "connected" : ago(one.seenAt)}{one.notified && ", notified"}</span>
            {may("administer") && <button type="button" class="deny" onClick={() => revoke(one.id)}>Revoke</button>}
          </li>
        ))}
      </ul>
      <h2>Daemon</h2>
      {status && <p>Version {status.version}, {counted(status.sidecars, "agent")}, {counted(status.chats, "chat")}.</p>}
      {status?.remote?.insecure && <p class="cut">Other machines reach it without TLS.</p>}
      <h2>This device</h2>
      <p>{visible(device.value?.name ?? "")}: it may {device.value?.right}.</p>
      <div class="choices">
        <Notifications />
        <button type="button" class="deny" onClick={() => void unpair()}>Forget this device</button>
      </div>
    </section>
  );
}

function Notifications() {
  useEffect(() => void look(), []);
  switch (notified.value) {
    case "unknown":
      return null;
    case "impossible":
      return <p class="why">This browser cannot notify you here: that needs https, and on an iPhone the page on the home screen.</p>;
    case "no":
      return <button type="button" onClick={() => void begin()}>Notify this device</button>;
    case "yes":
      return <button type="button" onClick={() => void end()}>Notify this device no more</button>;
  }
}
