// Owns the asks: a question for every tool call, its answer, and giving up on both.

import { createHash } from "node:crypto";

import { PART_BYTES, type Confinement, type Decide, type Request } from "./lines.gen.ts";
import { characterBoundary } from "./lines.ts";
import type { Outlet } from "./outbox.ts";

/** A call that may not run. The message is what the model is told. */
export class Refused extends Error {}

/** The turn ended before the call was decided. */
export class GaveUp extends Error {
  constructor() {
    super("Operation aborted");
  }
}

export interface Question {
  item: string;
  request: Request;
  supersedes?: string | undefined;
  signal: AbortSignal | undefined;
  /** All of the diff of which the request has the beginning, told once the request is on its way. */
  diff?: (() => Promise<string>) | undefined;
}

/** An answer that lets a call run, and what holds its command. */
export interface Allowed {
  ask: string;
  confinement: Confinement | null;
  /** The words that start the command confined. */
  wrapper: string[];
}

interface Answer extends Allowed {
  allow: boolean;
  reason: string;
}

export class Gate {
  private count = 0;
  private readonly open = new Map<string, (answer: Answer) => void>();

  constructor(private readonly out: Outlet) {}

  /** Throws when the call was not allowed. */
  async ask({ item, request, supersedes, signal, diff }: Question): Promise<Allowed> {
    if (signal?.aborted) throw new GaveUp();
    this.count += 1;
    const ask = `a${this.count}`;
    const answer = this.answerTo(ask, signal);
    const more = diff ? { more: true } : {};
    this.out.send({ type: "ask", ask, item, request, ...more, ...(supersedes ? { supersedes } : {}) });
    const [{ allow, reason, ...allowed }] = await Promise.all([answer, diff && this.tellDiff(ask, diff)]);
    if (!allow) throw new Refused(refusal(reason));
    return allowed;
  }

  /** An answer to an ask that was withdrawn meanwhile is of no use to anyone. */
  decide(line: Decide): void {
    const { ask, allow, reason = "", confinement = null, wrapper = [] } = line;
    this.open.get(ask)?.({ ask, allow, reason, confinement, wrapper });
  }

  /** In pieces, between which others have their turn. */
  private async tellDiff(ask: string, diff: () => Promise<string>): Promise<void> {
    await new Promise(setImmediate);
    const bytes = Buffer.from(await diff());
    for (let start = 0, end = 0; start < bytes.length; start = end) {
      end = characterBoundary(bytes, start + PART_BYTES);
      this.out.send({ type: "ask.diff", ask, text: bytes.toString("utf8", start, end), last: end === bytes.length });
      await new Promise(setImmediate);
    }
  }

  private answerTo(ask: string, signal: AbortSignal | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.open.delete(ask);
        signal?.removeEventListener("abort", giveUp);
      };
      const giveUp = (): void => {
        settle();
        this.out.send({ type: "ask.withdrawn", ask });
        reject(new GaveUp());
      };
      this.open.set(ask, (answer) => {
        settle();
        resolve(answer);
      });
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }
}

function refusal(reason: string): string {
  return reason ? `The user did not allow this call: ${reason}` : "The user did not allow this call.";
}

/** One name for exactly this call: any other argument, path or content has another. */
export function digestOf(parts: Record<string, unknown>): string {
  return createHash("sha256").update(canonical(parts)).digest("hex");
}

/** JSON with sorted keys, so that equal arguments have equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, held]) => held !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`).join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

/** The request of a tool that nothing is known about. */
export function unknownRequest(tool: string, input: unknown, cwd: string): Request {
  return {
    tool,
    access: "unknown",
    digest: digestOf({ tool, input, cwd }),
    cwd,
    input: JSON.stringify(input ?? {}),
  };
}
