// Owns the process groups of commands: who still lives, who is told, how they end.

import type { Outlet } from "./outbox.ts";

const GRACE_MS = 400;
const WATCH_MS = 2000;

export class Groups {
  private readonly alive = new Set<number>();
  private watch: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly out: Outlet) {}

  started(pgid: number, item: string): void {
    this.alive.add(pgid);
    this.out.send({ type: "group", pgid, item });
  }

  /** The command has exited. What it left in the background keeps the group open. */
  leaderExited(pgid: number): void {
    this.forgetIfGone(pgid);
    if (this.alive.size > 0) this.watch ??= unreferenced(() => this.sweep());
  }

  /** Asks the group to end, then ends it. */
  async end(pgid: number): Promise<void> {
    signal(pgid, "SIGTERM");
    const deadline = performance.now() + GRACE_MS;
    while (exists(pgid) && performance.now() < deadline) await Bun.sleep(10);
    signal(pgid, "SIGKILL");
    this.forgetIfGone(pgid);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.alive].map((pgid) => this.end(pgid)));
  }

  private sweep(): void {
    for (const pgid of this.alive) this.forgetIfGone(pgid);
    if (this.alive.size > 0 || this.watch === null) return;
    clearInterval(this.watch);
    this.watch = null;
  }

  private forgetIfGone(pgid: number): void {
    if (exists(pgid) || !this.alive.delete(pgid)) return;
    this.out.send({ type: "group.end", pgid });
  }
}

function unreferenced(tick: () => void): ReturnType<typeof setInterval> {
  const timer = setInterval(tick, WATCH_MS);
  timer.unref();
  return timer;
}

function exists(pgid: number): boolean {
  return signal(pgid, 0);
}

/** False when the group is gone. */
function signal(pgid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
