// Owns servers that Pi does not know by itself: a local one, or any that speaks chat completions.

import type * as Pi from "@earendil-works/pi-coding-agent";

import type { Endpoint } from "./lines.gen.ts";

/** Pi takes so much when it is told nothing. */
const UNKNOWN_WINDOW = 128_000;
const MOST_OUTPUT = 16_384;
/** Below it Pi's safety margin for an answer leaves no room for one. */
const SMALL_WINDOW = 32_768;
const LIMITS = ["max_tokens", "max_completion_tokens"];
const API = "openai-completions";
const FREE = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

interface Sized {
  api: string;
  contextWindow: number;
}

export class Endpoints {
  known: Endpoint | null = null;

  constructor(private readonly runtime: Pi.ModelRuntime) {}

  /** From now on this one alone, or none. */
  use(endpoint: Endpoint | null | undefined): void {
    const before = this.known;
    if (before && before.provider !== endpoint?.provider) {
      this.runtime.unregisterProvider(before.provider);
    }
    this.known = endpoint ?? null;
    if (endpoint) this.runtime.registerProvider(endpoint.provider, providerOf(endpoint));
  }

  /** Lets the model be shown images where nobody knows whether it takes them. True if that is new. */
  see(): boolean {
    const { known } = this;
    if (!known || typeof known.images === "boolean") return false;
    this.use({ ...known, images: true });
    return true;
  }
}

function providerOf(endpoint: Endpoint): Parameters<Pi.ModelRuntime["registerProvider"]>[1] {
  const contextWindow = endpoint.contextWindow || UNKNOWN_WINDOW;
  return {
    name: endpoint.name,
    baseUrl: endpoint.baseUrl,
    api: API,
    // Pi refuses a provider without a key, and resolves a variable's name when it is asked.
    apiKey: endpoint.key ? `\${${endpoint.key}}` : "none-needed",
    models: [
      {
        id: endpoint.model,
        name: endpoint.model,
        reasoning: false,
        input: endpoint.images ? ["text", "image"] : ["text"],
        cost: FREE,
        contextWindow,
        maxTokens: Math.min(MOST_OUTPUT, Math.floor(contextWindow / 2)),
        // Understood by every server of this kind; the newer words are not.
        compat: { supportsStore: false, supportsDeveloperRole: false, maxTokensField: "max_tokens" },
      },
    ],
  };
}

/** Every request of the agent goes through here, those for summaries too, which no hook sees. */
export function withRoom(runtime: Pi.ModelRuntime): void {
  const stream = runtime.streamSimple.bind(runtime);
  runtime.streamSimple = (model, context, options) =>
    stream(model, context, {
      ...options,
      onPayload: async (payload: unknown, asked: typeof model) => {
        const changed = (await options?.onPayload?.(payload, asked)) ?? payload;
        return withoutLimit(changed, model) ?? changed;
      },
    });
}

/** The request as it is sent: with a small window the server itself knows best where to end. */
export function withoutLimit(payload: unknown, model: Sized | undefined): unknown {
  const isSmall = model?.api === API && model.contextWindow < SMALL_WINDOW;
  if (!isSmall || payload === null || typeof payload !== "object") return undefined;
  return Object.fromEntries(Object.entries(payload).filter(([name]) => !LIMITS.includes(name)));
}
