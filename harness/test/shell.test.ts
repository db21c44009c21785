// A command is ended with everything it started.

import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Groups } from "../src/groups.ts";
import { NOT_HELD, runCommand, type Command } from "../src/shell.ts";
import { Recorder } from "./recorder.ts";
import { removeScratch, scratch } from "./scratch.ts";

let out: Recorder;
let groups: Groups;
let directory: string;
let heard: string;
let onText: () => void;

beforeEach(() => {
  out = new Recorder();
  groups = new Groups(out);
  directory = scratch();
  heard = "";
  onText = () => {};
});

afterEach(async () => {
  await groups.endAll();
  removeScratch();
});

function run(command: string, more: Partial<Command> = {}): Promise<number> {
  return runCommand(
    {
      shell: "/bin/bash",
      args: ["-c"],
      text: command,
      held: NOT_HELD,
      cwd: directory,
      env: { ...process.env },
      tempDir: directory,
      umask: 0o022,
      item: "t1",
      onData: (data) => {
        heard += data.toString();
        onText();
      },
      ...more,
    },
    groups,
  );
}

/** Resolves once the output so far holds the text. */
function hears(text: string): Promise<void> {
  return new Promise((resolve) => {
    onText = () => heard.includes(text) && resolve();
  });
}

function alive(pid: number): boolean {
  const shown = Bun.spawnSync(["ps", "-o", "stat=", "-p", String(pid)]).stdout.toString().trim();
  return shown !== "" && !shown.startsWith("Z");
}

/** Resolves when a process that was killed is gone: the kernel may take its time. */
async function gone(pid: number): Promise<void> {
  while (alive(pid)) await Bun.sleep(2);
}

async function pidIn(name: string): Promise<number> {
  const path = join(directory, name);
  while (!existsSync(path) || readFileSync(path, "utf8").trim() === "") await Bun.sleep(2);
  return Number(readFileSync(path, "utf8"));
}

test("both streams arrive in order, and the exit code is the command's", async () => {
  expect(await run("echo one; echo two >&2; echo three; exit 7")).toBe(7);
  expect(heard).toBe("one\ntwo\nthree\n");
});

test("the group is told before any output, and ended after the last of it", async () => {
  onText = () => out.send({ type: "notice", kind: "info", text: heard });
  await run("echo out");
  expect(out.lines.map((line) => line.type)).toEqual(["group", "notice", "group.end"]);
  expect(out.of("group")[0]).toEqual({ type: "group", pgid: expect.any(Number), item: "t1" });
});

test("output comes while the command runs", async () => {
  const first = hears("first");
  const gate = join(directory, "gate");
  const done = run(`echo first; until [ -e ${gate} ]; do sleep 0.01; done; echo second`);
  await first;
  expect(heard).toBe("first\n");
  writeFileSync(gate, "");
  await done;
  expect(heard).toBe("first\nsecond\n");
});

test("a command is over when it exits, though a descendant holds the pipes and goes on writing", async () => {
  const chatter = "(echo $BASHPID > pid; while :; do echo chat; : > later; sleep 0.005; done) &";
  expect(await run(`${chatter} until [ -s pid ]; do :; done; echo over`)).toBe(0);
  const pid = await pidIn("pid");
  expect(heard).toContain("over\n");
  const settled = heard;
  expect(alive(pid)).toBe(true);
  const later = join(directory, "later");
  rmSync(later, { force: true });
  while (!existsSync(later)) await Bun.sleep(2);
  expect(heard).toBe(settled);
  await groups.endAll();
  await gone(pid);
});

test("a stop ends the whole group, also what ignores being asked", async () => {
  const stop = new AbortController();
  const begun = hears("begun");
  const command = "(trap '' TERM; echo $BASHPID > deaf; while :; do sleep 0.05; done) & sleep 60 | (echo begun; cat)";
  const done = run(command, { signal: stop.signal });
  await begun;
  const deaf = await pidIn("deaf");
  stop.abort();
  await expect(done).rejects.toThrow("aborted");
  await gone(deaf);
});

test("a stop before the start starts nothing", async () => {
  await expect(run("touch ran", { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  expect(readdirSync(directory)).toEqual([]);
});

test("the time that the model gives a command is kept, and said", async () => {
  let over: (() => void) | undefined;
  const inner = globalThis.setTimeout;
  const timers = spyOn(globalThis, "setTimeout").mockImplementation(((fire: () => void, ms?: number) => {
    if (ms !== 60_000) return inner(fire, ms);
    over = fire;
    return undefined;
  }) as typeof setTimeout);
  try {
    const said = hears("a\n");
    const done = run("echo a; sleep 1000", { timeout: 60 });
    await said;
    over?.();
    await expect(done).rejects.toThrow("timeout:60");
  } finally {
    timers.mockRestore();
  }
  expect(heard).toBe("a\n");
});

test("a time that no timer can hold is no limit, and one that is none is refused", async () => {
  expect(await run("echo a", { timeout: 1e12 })).toBe(0);
  await expect(run("echo a", { timeout: -1 })).rejects.toThrow("Invalid timeout");
  expect(heard).toBe("a\n");
});

test("a command has the user's mask, pipes that can be opened by name, and leaves no file", async () => {
  await run("umask > mask; touch made; echo out > /dev/stdout; echo err > /dev/stderr; ls output-*");
  expect(readFileSync(join(directory, "mask"), "utf8")).toBe("0022\n");
  expect(statSync(join(directory, "made")).mode & 0o777).toBe(0o644);
  expect(heard).toStartWith("out\nerr\n");
  expect(readdirSync(directory).sort()).toEqual(["made", "mask"]);
});

test("a command that floods waits for us, and fills no disk", async () => {
  let bytes = 0;
  const stop = new AbortController();
  const onData = (data: Buffer): void => {
    bytes += data.length;
    if (bytes > 40e6) stop.abort();
  };
  await expect(run("yes", { onData, signal: stop.signal })).rejects.toThrow("aborted");
  expect(readdirSync(directory)).toEqual([]);
});

test("what a command has left running may go on writing", async () => {
  await run("(for n in $(seq 40000); do echo $n; done; echo over > over) & echo started");
  expect(heard).toStartWith("started\n");
  while (!existsSync(join(directory, "over"))) await Bun.sleep(10);
  expect(heard.length).toBeLessThan(1.2e6);
});

test("nothing of a large output is lost", async () => {
  await run("seq 1 300000");
  expect(heard.length).toBe(1988895);
  expect(heard.endsWith("299999\n300000\n")).toBe(true);
});

test.if(process.platform === "linux")("a command inherits no descriptor but its three, and nothing to read", async () => {
  await run("cat; exec ls /proc/self/fd");
  // The fourth is the directory that `ls` itself reads.
  expect(heard).toBe("0\n1\n2\n3\n");
});

test("a directory that is gone is an error and not a crash", async () => {
  await expect(run("true", { cwd: join(directory, "gone") })).rejects.toThrow();
});

test("a killed shell has the exit code shells give", async () => {
  expect(await run("kill -9 $$")).toBe(137);
});

test("a held command gets its environment and starts behind its wrapper", async () => {
  const confinement = { environment: { GIT_PAGER: "cat" }, boxed: true };
  const held = { confinement, wrapper: ["/usr/bin/env", "WRAPPED=yes"] };
  expect(await run('echo "$GIT_PAGER $WRAPPED"', { held })).toBe(0);
  expect(heard).toBe("cat yes\n");
});

test("a command that is to be confined never runs without", async () => {
  const confinement = { boxed: true };
  const missing = { confinement, wrapper: ["/nowhere/bwrap"] };
  await expect(run("touch ran", { held: missing })).rejects.toThrow("ENOENT");
  await expect(run("touch ran", { held: { confinement, wrapper: [] } })).rejects.toThrow("the daemon sent none");
  expect(existsSync(join(directory, "ran"))).toBe(false);
});
