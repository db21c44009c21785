// Owns the sum of a turn's model calls: tokens, and their price with who named it.

import type { Usage } from "./lines.gen.ts";

export interface PiUsage {
  input?: number;
  output?: number;
  cacheRead?: number;
  cacheWrite?: number;
  reasoning?: number;
  cost?: { total?: number; totalFromProvider?: boolean };
}

/** They run on a machine of the user's own and send no bill, whatever a price list says. */
const FREE = new Set(["ollama", "lmstudio"]);

export class UsageSum {
  private calls = 0;
  private billed = 0;
  private priced = true;
  private byProvider = true;
  private cost = 0;
  private readonly tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

  /** Counts what the provider has counted, of a failed attempt as well; says whether that was any. */
  add(usage: PiUsage | undefined, provider = ""): boolean {
    if (!usage || !tokensOf(usage)) return false;
    this.calls += 1;
    for (const key of ["input", "output", "cacheRead", "cacheWrite", "reasoning"] as const) {
      this.tokens[key] += usage[key] ?? 0;
    }
    if (!FREE.has(provider)) this.charge(usage);
    return true;
  }

  private charge(usage: PiUsage): void {
    this.billed += 1;
    const fromProvider = usage.cost?.totalFromProvider === true;
    const price = usage.cost?.total ?? 0;
    this.cost += price;
    this.byProvider &&= fromProvider;
    // A price list without this model says 0; that is no price.
    this.priced &&= fromProvider || price > 0;
  }

  /** Null when no call got as far as using tokens. */
  total(): Usage | null {
    if (this.calls === 0) return null;
    if (this.billed === 0 || !this.priced) return { ...this.tokens, costUsd: null, costSource: null };
    return { ...this.tokens, costUsd: this.cost, costSource: this.byProvider ? "provider" : "catalogue" };
  }
}

function tokensOf(usage: PiUsage): number {
  return (
    (usage.input ?? 0) + (usage.output ?? 0) + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0)
  );
}
