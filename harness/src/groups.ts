// Owns the process groups of commands: who still lives, who is told, how they end.

import { readdirSync, readFileSync } from "node:fs";

import type { Outlet } from "./outbox.ts";

const GRACE_MS = 400;
const KILLED_MS = 200;
const WATCH_MS = 5000;

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
    if (!(await goneWithin(pgid, GRACE_MS))) {
      signal(pgid, "SIGKILL");
      await goneWithin(pgid, KILLED_MS);
    }
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

async function goneWithin(pgid: number, milliseconds: number): Promise<boolean> {
  for (const deadline = performance.now() + milliseconds; exists(pgid); await Bun.sleep(10)) {
    if (performance.now() > deadline) return false;
  }
  return true;
}

function exists(pgid: number): boolean {
  if (!signal(pgid, 0)) return false;
  return process.platform !== "linux" || hasLiveMember(pgid);
}

/** The dead stay in their group until somebody reaps them, which is not always soon. */
function hasLiveMember(pgid: number): boolean {
  return readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false;
    const [state, , group] = statOf(name);
    return group === String(pgid) && state !== "Z" && state !== "X";
  });
}

/** State, parent and group of a process; nothing of one that is gone. */
function statOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ", 3);
  } catch {
    return [];
  }
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
