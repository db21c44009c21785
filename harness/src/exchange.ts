// Owns a request of the agent to a model while it is under way: the waits that its server asks for,
// what is wrong with an answer that is none, and the identity of the calls in it.

import { AsyncLocalStorage } from "node:async_hooks";

import type * as Pi from "@earendil-works/pi-coding-agent";

import type { Outlet } from "./outbox.ts";
import { sentWhenAsked } from "./patience.ts";
import { goDirectly, isLocal, proxyOf } from "./proxies.ts";
import { Identities, type Message } from "./toolids.ts";

type Fetch = typeof globalThis.fetch;

/** The SDKs of providers would give a request up that waits for longer than this. */
const LONGEST_MS = 2_147_483_647;
const RUNTIME_HINT = /\s*(Is the computer able to access the url\?|Was there a typo in the url or port\?)/;

interface Exchange {
  tell: (sentence: string) => void;
  /** What is wrong with the last answer, better said than by who reads it. */
  trouble: string;
  /** For a request that is only to get as far as this: told instead of anything being sent. */
  dry?: () => void;
}

interface StreamEvent {
  type: string;
  partial?: Message;
  message?: Message;
  error?: Message & { stopReason?: string; errorMessage?: string };
}

const underWay = new AsyncLocalStorage<Exchange>();

/** A fetch that knows the requests of the agent from all others, which it leaves alone. */
export function attended(fetch: Fetch): Fetch {
  const send = async (
    input: Parameters<Fetch>[0],
    init?: Parameters<Fetch>[1],
  ): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (isLocal(url.hostname)) goDirectly(process.env, [url.hostname]);
    const exchange = underWay.getStore();
    if (!exchange) return fetch(input, init);
    if (exchange.dry) {
      exchange.dry();
      throw new Error("nothing is sent");
    }
    exchange.trouble = "";
    const again = !(input instanceof Request) && !(init?.body instanceof ReadableStream);
    const once = (): Promise<Response> => fetch(input, init);
    const waiting = { signal: init?.signal, tell: exchange.tell, host: url.host };
    try {
      return checked(await (again ? sentWhenAsked(once, waiting) : once()), url, exchange);
    } catch (error) {
      if (!init?.signal?.aborted) exchange.trouble = unreachable(url, error);
      throw error;
    }
  };
  return Object.assign(send, fetch);
}

/** Does something whose requests are not sent but told of. */
export function withoutSending<T>(dry: () => void, work: () => T): T {
  return underWay.run({ tell: () => {}, trouble: "", dry }, work);
}

/** Every request of the agent goes through here, those for summaries too, which no hook sees. */
export function attend(runtime: Pi.ModelRuntime, out: Outlet): void {
  const stream = runtime.streamSimple.bind(runtime);
  runtime.streamSimple = (model, context, options) => {
    const tell = (text: string): void => out.send({ type: "notice", kind: "retry", text });
    const exchange: Exchange = { tell, trouble: "" };
    const identities = new Identities(context.messages as Message[]);
    const heard = options?.onProviderStreamEvent;
    const answer = underWay.run(exchange, () =>
      stream(model, context, {
        ...options,
        timeoutMs: options?.timeoutMs ?? LONGEST_MS,
        onProviderStreamEvent: async (event: unknown, asked: typeof model) => {
          identities.settleChunk(event);
          await heard?.(event as never, asked);
        },
      }),
    );
    const push = answer.push.bind(answer);
    answer.push = (event: Parameters<typeof push>[0]) => {
      settle(event as unknown as StreamEvent, identities, exchange);
      push(event);
    };
    return answer;
  };
}

function settle({ type, partial, message, error }: StreamEvent, identities: Identities, exchange: Exchange): void {
  for (const told of [partial, message, error]) identities.settle(told);
  if (type === "error" && error?.stopReason === "error" && exchange.trouble) {
    error.errorMessage = exchange.trouble;
  }
}

/** A web page is no answer, whatever its status says. */
function checked(answer: Response, url: URL, exchange: Exchange): Response {
  if (!answer.ok || !/\bhtml\b/i.test(answer.headers.get("content-type") ?? "")) return answer;
  exchange.trouble =
    `${placeOf(url)} answered with a web page and not as a model does. Is that the right URL? ` +
    "That of an API often ends in /v1.";
  return Response.json({ error: { message: exchange.trouble } }, { status: 404 });
}

/** The first words are those by which Pi knows that trying again may help. */
function unreachable(url: URL, error: unknown): string {
  const told = error instanceof Error ? error.message : String(error);
  const why = told.replace(RUNTIME_HINT, "").replace(/[.\s]+$/, "");
  const proxy = proxyOf(url, process.env);
  const through = proxy ? ` through the proxy ${proxy}` : "";
  return `Connection error: ${placeOf(url)} cannot be reached${through}: ${why}`;
}

/** Without what may be secret in it. */
function placeOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
