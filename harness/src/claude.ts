// Owns keeping Claude's own sign-in out of Pi: tokens of a subscription stay with Claude's program.

import type * as Pi from "@earendil-works/pi-coding-agent";

import { LineFault } from "./faults.ts";

const PROVIDER = "anthropic";
const TOKEN = /^\s*sk-ant-o[ar]t\d*-/;

type Credential = { type: string; key?: string } | undefined;

interface Store {
  read(provider: string, options?: object): Promise<Credential>;
  list(options?: object): Promise<readonly { providerId: string }[]>;
  modify(
    provider: string,
    change: (held: Credential) => Promise<Credential>,
    options?: object,
  ): Promise<Credential>;
  delete(provider: string, options?: object): Promise<void>;
}

/** Where Pi keeps the store it was made with: it exports no way to make that one ourselves. */
interface Inside {
  credentials?: { store?: Store };
}

/** From here on Pi finds in its auth.json no sign-in of Claude's. The file stays as it is. */
export function hideSignIn(runtime: Pi.ModelRuntime): void {
  const inside = (runtime as unknown as Inside).credentials;
  if (!inside?.store) throw new Error("this version of Pi keeps its credentials elsewhere");
  inside.store = withoutSignIn(inside.store);
}

function withoutSignIn(store: Store): Store {
  const shown = (provider: string, held: Credential) => (isSignIn(provider, held) ? undefined : held);
  return {
    read: async (provider, options) => shown(provider, await store.read(provider, options)),
    async list(options) {
      const listed = await store.list(options);
      const held = listed.some(({ providerId }) => providerId === PROVIDER)
        ? await store.read(PROVIDER, options)
        : undefined;
      return listed.filter(({ providerId }) => !isSignIn(providerId, held));
    },
    modify: async (provider, change, options) =>
      store.modify(provider, (held) => change(shown(provider, held)), options),
    delete: (provider, options) => store.delete(provider, options),
  };
}

function isSignIn(provider: string, held: Credential): boolean {
  if (provider !== PROVIDER || !held) return false;
  return held.type === "oauth" || TOKEN.test(held.key ?? "");
}

/** Refuses what Pi's own provider of Anthropic's models would serve, when `why` says so. */
export function refuseBlocked(model: { id: string; provider: string } | undefined, why: string): void {
  if (!why || model?.provider !== PROVIDER) return;
  throw new LineFault("AnthropicBlocked", why, { model: `${model.provider}/${model.id}` });
}
