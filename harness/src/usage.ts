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

export class UsageSum {
  private calls = 0;
  private priced = true;
  private byProvider = true;
  private cost = 0;
  private readonly tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 };

  add(usage: PiUsage | undefined): void {
    if (!usage || !tokensOf(usage)) return;
    this.calls += 1;
    for (const key of ["input", "output", "cacheRead", "cacheWrite", "reasoning"] as const) {
      this.tokens[key] += usage[key] ?? 0;
    }
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
    return {
      ...this.tokens,
      costUsd: this.priced ? this.cost : null,
      costSource: this.priced ? (this.byProvider ? "provider" : "catalogue") : null,
    };
  }
}

function tokensOf(usage: PiUsage): number {
  return (
    (usage.input ?? 0) + (usage.output ?? 0) + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0)
  );
}
