// Owns the stand-in for the way out: it keeps what was sent, pieces of items merged.

import type { FromSidecar } from "../src/lines.gen.ts";
import type { Outlet } from "../src/outbox.ts";

export class Recorder implements Outlet {
  readonly lines: FromSidecar[] = [];
  private readonly waiting: Array<() => void> = [];

  send(line: FromSidecar): void {
    this.lines.push(line);
    for (const wake of this.waiting.splice(0)) wake();
  }

  delta(item: string, text: string): void {
    const last = this.lines.at(-1);
    if (last?.type === "item.delta" && last.item === item) last.text += text;
    else this.send({ type: "item.delta", item, text });
  }

  of<T extends FromSidecar["type"]>(type: T): Array<Extract<FromSidecar, { type: T }>> {
    return this.lines.filter((line) => line.type === type) as Array<Extract<FromSidecar, { type: T }>>;
  }

  /** The nth line of a type, as soon as there is one. */
  async next<T extends FromSidecar["type"]>(type: T, nth = 0): Promise<Extract<FromSidecar, { type: T }>> {
    for (;;) {
      const found = this.of(type)[nth];
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}
