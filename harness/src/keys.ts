// Owns storing and removing keys where Pi's own command finds them, and making sure that it did.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { LineFault, messageOf } from "./faults.ts";
import type { Cleared, ClearKey, KeyInUse, KeyWanted, StoreKey } from "./lines.gen.ts";
import { isMissing } from "./paths.ts";
import { variablesOf } from "./variables.ts";

/** What Pi asks for when it is given a key. */
type Prompt = { type: string; message: string; options?: readonly { id: string }[] };
type Stored = Record<string, { type?: string; key?: string } | undefined>;

/** Another program that holds the lock for longer is not waited for. */
const LOCK_MS = 3000;

export class Keys {
  private readonly path: string;

  constructor(
    agentDir: string,
    private readonly runtime: Pi.ModelRuntime,
  ) {
    this.path = join(agentDir, "auth.json");
  }

  async store({ provider, key, extra = {} }: StoreKey): Promise<void> {
    this.read();
    const found = this.runtime.getProvider(provider);
    if (!found?.auth.apiKey) throw invalid(`${provider} takes no key; sign in instead.`, "$.provider");
    const wanted = (await variablesOf(found)).slice(1);
    const prompt = async (asked: Prompt): Promise<string> => {
      if (asked.type === "select") return keyOption(asked.options ?? []);
      if (asked.type === "secret") return key;
      const name = wanted.shift() ?? "";
      if (extra[name]) return extra[name];
      throw invalid(`${found.name} also needs ${name || asked.message}.`, "$.extra");
    };
    const signal = AbortSignal.timeout(LOCK_MS);
    await this.change(() => this.runtime.login(provider, "api_key", { prompt, notify() {}, signal }));
    if (this.read()[provider]?.key !== key) throw this.broken("does not hold the key after writing");
  }

  async clear({ provider }: ClearKey): Promise<Cleared> {
    if (!this.read()[provider]) return { cleared: false };
    const signal = AbortSignal.timeout(LOCK_MS);
    await this.change(() => this.runtime.logout(provider, { signal }));
    if (this.read()[provider]) throw this.broken("still holds the key after removing it");
    return { cleared: true };
  }

  /** As Pi itself would send it now: whatever is stored, set or stands in, in Pi's own order. */
  async inUse({ provider }: KeyWanted): Promise<KeyInUse> {
    const [model] = this.runtime.getModels(provider);
    const found = model && (await this.runtime.getAuth(model));
    return { key: found?.auth.apiKey ?? "", baseUrl: found?.auth.baseUrl ?? model?.baseUrl ?? "" };
  }

  /** What came after the file was written is no failure of the file; that it was is checked. */
  private async change(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof LineFault) throw error;
      if (error instanceof Error && error.name === "CredentialSynchronizationError") return;
      const locked = error instanceof Error && /Abort|Timeout/.test(error.name);
      throw this.broken(locked ? "is locked by another program" : `was not changed: ${messageOf(error)}`);
    }
  }

  /** What is wrong with the file, in a sentence. */
  trouble(): string {
    try {
      this.read();
      return "";
    } catch (error) {
      return messageOf(error);
    }
  }

  private read(): Stored {
    try {
      const held = JSON.parse(readFileSync(this.path, "utf8").replace(/^\uFEFF/, "")) as unknown;
      if (held !== null && typeof held === "object" && !Array.isArray(held)) return held as Stored;
    } catch (error) {
      if (isMissing(error)) return {};
      throw this.broken(error instanceof SyntaxError ? "is no JSON" : messageOf(error));
    }
    throw this.broken("is no JSON object");
  }

  private broken(why: string): LineFault {
    return new LineFault("AuthFileBroken", `${this.path} ${why}; it was left as it is.`, { path: this.path });
  }
}

function keyOption(options: readonly { id: string }[]): string {
  return options.find(({ id }) => /key|token/.test(id))?.id ?? "";
}

function invalid(message: string, path: string): LineFault {
  return new LineFault("InvalidParams", message, { path });
}
