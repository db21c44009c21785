// Owns the frame around the pages, and how the page begins: paired, being paired, or not.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { Device } from "../../protocol.ts";
import { ChatPage } from "./chat.tsx";
import { keep, load } from "./keep.ts";
import { Chats, Inbox, More, NewChat } from "./pages.tsx";
import { device, follow, go, route, spoken, start, state, trouble, waiting } from "./state.ts";

const PAGES = { inbox: Inbox, chats: Chats, new: NewChat, more: More, chat: ChatPage };
const SAID = {
  open: "",
  connecting: "Connecting…",
  offline: "Offline: what you see may be old. Connecting again…",
  unpaired: "",
};

function Frame() {
  useEffect(() => {
    document.title = waiting.value ? `(${waiting.value}) claudette` : "claudette";
  });
  if (!device.value || state.value === "unpaired") return <Unpaired />;
  const Page = PAGES[route.value.page];
  return (
    <>
      {SAID[state.value] && <p class="offline" role="status">{SAID[state.value]}</p>}
      {trouble.value && (
        <p class="trouble" role="alert">
          <span>{trouble.value}</span> <button type="button" aria-label="Dismiss" onClick={() => (trouble.value = "")}>×</button>
        </p>
      )}
      <main><Page /></main>
      <nav aria-label="Pages">
        <Tab page="inbox" name={waiting.value ? `Inbox (${waiting.value})` : "Inbox"} />
        <Tab page="chats" name="Chats" />
        <Tab page="more" name="More" />
      </nav>
      <p class="hidden" role="status">{spoken.value}</p>
    </>
  );
}

function Tab({ page, name }: { page: "inbox" | "chats" | "more"; name: string }) {
  const here = route.value.page === page ? "page" : undefined;
  return <a href={`#/${page}`} aria-current={here}>{name}</a>;
}

function Unpaired() {
  const [said, setSaid] = useState(failure);
  const [code, setCode] = useState("");
  const pairing = async () => setSaid(await pair(code.trim().replace(/^.*#pair=/, "")));
  return (
    <main class="stack">
      <h1>claudette</h1>
      <p>This browser is not paired. On the machine of the daemon run <code>claudette remote pair</code> and open its link here, or paste it.</p>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); void pairing(); }}>
        <label>
          Link or code
          <input autocomplete="off" autocapitalize="off" value={code} onInput={(event) => setCode(event.currentTarget.value)} />
        </label>
        <button type="submit" class="allow" disabled={!code}>Pair</button>
      </form>
      {said && <p class="trouble" role="alert">{said}</p>}
    </main>
  );
}

let failure = "";

/** Exchanges a code for a token; what went wrong, if anything. */
async function pair(code: string): Promise<string> {
  const body = JSON.stringify({ code, name: browserName() });
  let answer: Response;
  try {
    answer = await fetch("/pair", { method: "POST", body });
  } catch {
    return "The daemon cannot be reached.";
  }
  if (answer.status === 401) {
    return "The code is not known: each is good for one device and a minute. Ask for a new link.";
  }
  if (!answer.ok) return `The daemon answered with the HTTP status ${answer.status}.`;
  const told = (await answer.json()) as { token: string; device: Device };
  const kept = { token: told.token, name: told.device.name, right: told.device.right };
  await keep(kept);
  start(kept);
  return "";
}

function browserName(): string {
  const agent = navigator.userAgent;
  const system = /iPhone|iPad|Android|Macintosh|Windows|Linux/.exec(agent)?.[0] ?? "browser";
  const browser = /Firefox|Edg|Chrome|Safari/.exec(agent)?.[0] ?? "";
  return `${system} ${browser}`.trim();
}

async function begin(): Promise<void> {
  const code = /^#pair=(.+)$/.exec(location.hash)?.[1];
  if (code) {
    // The code leaves the address before anything else is done with it.
    history.replaceState(null, "", "#/inbox");
    failure = await pair(code);
  } else {
    const kept = await load();
    if (kept) start(kept);
  }
  follow();
  window.addEventListener("hashchange", follow);
  render(<Frame />, document.getElementById("page")!);
  if ("serviceWorker" in navigator && window.isSecureContext) {
    navigator.serviceWorker.addEventListener("message", (event) => {
      go({ page: "chat", id: String(event.data.open) });
    });
    await navigator.serviceWorker.register("/worker.js");
  }
}

void begin();
