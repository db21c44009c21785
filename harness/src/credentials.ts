// Owns the credentials that the daemon hands over: private keys and the shell's variables, which
// stand in for those of the environment. They are in our memory alone: nothing that we start, and
// nobody who reads our environment, finds them.

import type { Credentials } from "./lines.gen.ts";

export class StandIns {
  trouble = "";
  /** Why Pi's own Anthropic models are not used; empty when they may be. */
  blocked = "";
  private keys = new Map<string, string>();
  private shell = new Map<string, string>();
  private readonly real = process.env;
  private readonly first = Promise.withResolvers<void>();

  constructor() {
    process.env = new Proxy(this.real, {
      get: (real, name) => this.value(real, name),
      set: (real, name, value) => Reflect.set(real, name, value),
      has: (real, name) => this.value(real, name) !== undefined,
    });
  }

  /** Resolves when the daemon has handed over what there is. */
  get ready(): Promise<void> {
    return this.first.promise;
  }

  take({ keys = {}, shell = {}, trouble = "", blocked = "" }: Credentials): void {
    this.keys = new Map(Object.entries(keys));
    this.shell = new Map(Object.entries(shell));
    this.trouble = trouble;
    this.blocked = blocked;
    this.first.resolve();
  }

  isPrivate(name: string): boolean {
    return this.keys.has(name);
  }

  /** Whether there is a variable that a private key stands in for. */
  hides(name: string): boolean {
    return this.isPrivate(name) && Boolean(this.shell.get(name) ?? this.real[name]);
  }

  private value(real: NodeJS.ProcessEnv, name: string | symbol): string | undefined {
    if (typeof name !== "string") return Reflect.get(real, name) as string | undefined;
    const ours = this.keys.get(name) ?? this.shell.get(name);
    return ours === undefined ? real[name] : ours || undefined;
  }
}
