// Owns sign-ins: Pi drives each, we carry its questions to a person and the answers back.

import type * as Pi from "@earendil-works/pi-coding-agent";

import { plainError } from "./errors.ts";
import { LineFault, messageOf } from "./faults.ts";
import type { LoginAnswer, LoginCancel, LoginEvent, LoginStart } from "./lines.gen.ts";
import type { Outlet } from "./outbox.ts";

interface Prompt {
  type: string;
  message: string;
  placeholder?: string;
  options?: readonly { id: string; label: string }[];
  signal?: AbortSignal;
}

interface Told {
  type: string;
  message?: string;
  instructions?: string;
  url?: string;
  userCode?: string;
  verificationUri?: string;
}

interface Running {
  cancel: AbortController;
  answer?: (value: string) => void;
}

/** A Claude subscription belongs to its own program. */
const NEVER = ["anthropic"];

export class Logins {
  private readonly running = new Map<string, Running>();

  constructor(
    private readonly out: Outlet,
    private readonly settings: () => Pi.SettingsManager,
  ) {}

  /** Returns when it is over. */
  async start({ login, provider }: LoginStart, runtime: Pi.ModelRuntime): Promise<void> {
    if (!login) throw new LineFault("InvalidParams", "A sign-in needs an id.", { path: "$.login" });
    if (NEVER.includes(provider) || !runtime.getProvider(provider)?.auth.oauth) {
      throw new LineFault("InvalidParams", `${provider} has no sign-in; set a key.`, { path: "$.provider" });
    }
    const one: Running = { cancel: new AbortController() };
    this.running.set(login, one);
    const { signal } = one.cancel;
    const tell = (event: Omit<LoginEvent, "type" | "login">) =>
      this.out.send({ type: "login.event", login, ...event });
    const interaction = {
      signal,
      prompt: (asked: Prompt) => ask(one, asked, tell),
      notify: (told: Told) => notify(told, tell),
    };
    const device = { getDeviceId: () => this.settings().getOrCreateDeviceId() };
    try {
      await runtime.login(provider, "oauth", interaction as never, device as never);
    } catch (error) {
      if (error instanceof Error && error.name === "CredentialSynchronizationError") return;
      if (signal.aborted) throw new LineFault("HarnessFailed", "The sign-in was cancelled.");
      throw new LineFault("HarnessFailed", `The sign-in failed: ${plainError(messageOf(error))}`);
    } finally {
      this.running.delete(login);
    }
  }

  answer({ login, value }: LoginAnswer): void {
    const one = this.running.get(login);
    if (!one?.answer) throw new LineFault("InvalidParams", "The sign-in has no open question.", { path: "$.value" });
    one.answer(value);
  }

  cancel({ login }: LoginCancel): void {
    this.running.get(login)?.cancel.abort();
  }
}

type Tell = (event: Omit<LoginEvent, "type" | "login">) => void;

function ask(one: Running, asked: Prompt, tell: Tell): Promise<string> {
  return new Promise((resolve, reject) => {
    const answer = (value: string): void => {
      delete one.answer;
      resolve(value);
    };
    const giveUp = (): void => {
      if (one.answer === answer) {
        delete one.answer;
        tell({ kind: "withdrawn" });
      }
      reject(new Error("Login cancelled"));
    };
    one.answer = answer;
    for (const signal of [one.cancel.signal, asked.signal]) {
      signal?.addEventListener("abort", giveUp, { once: true });
    }
    const { message, placeholder = "", options = [] } = asked;
    const choices = options.map(({ id, label }) => ({ id, label }));
    if (asked.type === "select") tell({ kind: "select", message, options: choices });
    else tell({ kind: "prompt", message, placeholder });
  });
}

function notify(told: Told, tell: Tell): void {
  const message = told.message ?? told.instructions ?? "";
  if (told.type === "device_code") {
    tell({ kind: "device", url: told.verificationUri ?? "", code: told.userCode ?? "" });
  } else if (told.type === "auth_url") {
    tell({ kind: "url", url: told.url ?? "", message });
  } else {
    tell({ kind: "progress", message });
  }
}
