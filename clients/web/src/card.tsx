// Owns the cards of what waits for a person: permissions and questions.

import { useState } from "preact/hooks";

import type { Permission, PermissionGetResult, Question, Request } from "../../protocol.ts";
import { attempt, call, chats, may } from "./state.ts";
import { byteLength } from "./fold.ts";
import { bytes, newKey, visible } from "./text.ts";

type Scope = NonNullable<Permission["scopes"]>[number];
const LONGER: Record<Scope, string> = {
  once: "Once",
  turn: "This turn",
  chat: "This chat",
  workspace: "This workspace",
  user: "Always",
};
const PIECE = 256 * 1024;

/** `here` is whether the chat around it is the one that asks. */
export function PermissionCard({ permission, here }: { permission: Permission; here?: boolean }) {
  const [whole, setWhole] = useState<Partial<Request>>({});
  const [seen, setSeen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState<string | null>(null);
  const [longer, setLonger] = useState(false);
  const request = { ...permission.request, ...whole };
  const cut = cutFields(permission.request);
  const hidden = cut.length > 0 && !seen;
  const decide = async (decision: "allow" | "deny", more: object = {}) => {
    setBusy(true);
    const seenWhole = decision === "allow" && cut.length > 0 ? { seenWhole: true } : {};
    const params = { permissionId: permission.id, decision, digest: request.digest, key: newKey() };
    await attempt(call("permission/decide", { ...params, ...seenWhole, ...more }));
    setBusy(false);
  };
  const readRest = async () => {
    const read: Partial<Request> = {};
    for (const field of cut) read[field] = await readWhole(permission.id, field);
    setWhole(read);
    setSeen(true);
  };
  const scopes = (permission.scopes ?? []).filter((scope) => scope !== "once");
  return (
    <article class="card" aria-labelledby={`t-${permission.id}`}>
      <header>
        <h2 id={`t-${permission.id}`}>{headline(request)}</h2>
        {!here && <ChatName chatId={permission.chatId} />}
      </header>
      <Asked request={request} />
      {hidden && (
        <p class="cut">
          {cut.map((field) => missing(permission.request, field)).join(", ")} not shown.{" "}
          <button type="button" onClick={() => void attempt(readRest())}>Show all of it</button>
        </p>
      )}
      {(permission.why || request.reason) && <p class="why">{visible(permission.why || request.reason || "")}</p>}
      {!may("decide") && <p class="why">This device may only watch.</p>}
      {may("decide") && reason === null && !longer && (
        <div class="choices">
          <button type="button" class="deny" disabled={busy} onClick={() => void decide("deny")}>Deny</button>
          <button type="button" disabled={busy} onClick={() => setReason("")}>Deny with a reason</button>
          {scopes.length > 0 && may("configure") && (
            <button type="button" disabled={busy || hidden} onClick={() => setLonger(true)}>Allow for longer</button>
          )}
          <button type="button" class="allow" disabled={busy || hidden} onClick={() => void decide("allow")}>Allow once</button>
        </div>
      )}
      {longer && (
        <div class="choices" role="group" aria-label="Allow for how long">
          <p class="why">Allow this, and what is like it, for:</p>
          {scopes.map((scope) => (
            <button type="button" disabled={busy} onClick={() => void decide("allow", { scope })}>{LONGER[scope]}</button>
          ))}
          {(permission.suggested ?? []).map((rule) => <code class="rule">{visible(rule.text ?? "")}</code>)}
          <button type="button" onClick={() => setLonger(false)}>Back</button>
        </div>
      )}
      {reason !== null && (
        <form class="reason" onSubmit={(event) => { event.preventDefault(); void decide("deny", { reason }); }}>
          <label>
            What the agent should do instead
            <textarea rows={2} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
          </label>
          <div class="choices">
            <button type="button" onClick={() => setReason(null)}>Back</button>
            <button type="submit" class="deny" disabled={busy}>Deny</button>
          </div>
        </form>
      )}
    </article>
  );
}

function ChatName({ chatId }: { chatId: string }) {
  const chat = chats.value.get(chatId);
  return (
    <a class="from" href={`#/chat/${chatId}`}>{chat ? visible(chat.title || chat.workspace) : "the chat"}</a>
  );
}

const VERBS: Record<Request["access"], string> = {
  read: "Read", list: "List", search: "Search", write: "Write", edit: "Edit", run: "Run", fetch: "Fetch",
  unknown: "Use",
};

function headline(request: Request): string {
  if (request.diff) return "Make this change?";
  const what = request.access === "run" ? "this command" : visible(request.tool);
  return `${VERBS[request.access]} ${what}?`;
}

/** Everything of the request that a person judges by. */
function Asked({ request }: { request: Request }) {
  return (
    <>
      {request.command !== undefined && request.command !== "" && (
        <pre class="command" tabIndex={0}><code>{visible(request.command)}</code></pre>
      )}
      {request.cwd && <p class="place">in <bdi>{visible(request.cwd)}</bdi></p>}
      {!request.command && (request.paths ?? []).map((path) => <p class="place"><bdi>{visible(path)}</bdi></p>)}
      {(request.hosts ?? []).map((host) => <p class="place">contacts <bdi>{visible(host)}</bdi></p>)}
      {request.outside && <p class="cut">It would run outside of its box.</p>}
      {request.diff && <Diff text={request.diff} />}
      {request.input && <pre tabIndex={0}><code>{visible(request.input)}</code></pre>}
    </>
  );
}

export function Diff({ text }: { text: string }) {
  return (
    <pre class="diff" tabIndex={0}>
      {text.replace(/\n$/, "").split("\n").map((line) => <span class={lineClass(line)}>{visible(line)}{"\n"}</span>)}
    </pre>
  );
}

function lineClass(line: string): string {
  if (/^(\+\+\+|---|@@)/.test(line)) return "head";
  return line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "";
}

type Cut = "diff" | "input";

function cutFields(request: Request): Cut[] {
  return (["diff", "input"] as const).filter((field) => request[`${field}Bytes`]);
}

function missing(request: Request, field: Cut): string {
  return bytes((request[`${field}Bytes`] ?? 0) - byteLength(request[field] ?? ""));
}

async function readWhole(permissionId: string, field: Cut): Promise<string> {
  let text = "";
  for (;;) {
    const params = { permissionId, field, offset: byteLength(text), limit: PIECE };
    const piece = await call<PermissionGetResult>("permission/get", params);
    text += piece.text;
    if (!piece.text || byteLength(text) >= piece.available) return text;
  }
}

export function QuestionCard({ question, here }: { question: Question; here?: boolean }) {
  const [value, setValue] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const answer = (text: string) =>
    void attempt(call("question/answer", { questionId: question.id, value: text, key: newKey() }));
  const options = question.options ?? [];
  const writes = !options.length || question.free;
  return (
    <article class="card" aria-labelledby={`t-${question.id}`}>
      <header>
        <h2 id={`t-${question.id}`}>{visible(question.title)}</h2>
        {!here && <ChatName chatId={question.chatId} />}
      </header>
      {question.about && <p class="why">{visible(question.about)}</p>}
      {may("decide") && (
        <div class="options">
          {options.map((option) =>
            question.several ? (
              <label class="option">
                <input type="checkbox" checked={chosen.includes(option.id)} onChange={() => setChosen(toggled(chosen, option.id))} />
                {visible(option.label)}
              </label>
            ) : (
              <button type="button" onClick={() => answer(option.id)}>
                {visible(option.label)}
                {option.about && <small>{visible(option.about)}</small>}
              </button>
            ),
          )}
          {question.several && <button type="button" class="allow" disabled={!chosen.length} onClick={() => answer(chosen.join("\n"))}>Answer</button>}
        </div>
      )}
      {may("decide") && writes && (
        <form class="reason" onSubmit={(event) => { event.preventDefault(); answer(value); }}>
          <label>
            Your answer
            <textarea
              rows={1}
              class={question.secret ? "secret" : ""}
              autocomplete="off"
              placeholder={question.placeholder}
              value={value}
              onInput={(event) => setValue(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="allow" disabled={!value}>Answer</button>
        </form>
      )}
    </article>
  );
}

function toggled(chosen: string[], id: string): string[] {
  return chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
}
