// Wires the harness: lines in on stdin, lines out on descriptor 3, where the launcher put our
// stdout, so that whatever else prints lands on stderr.

import { check } from "./check.ts";
import { Desk } from "./desk.ts";
import { settleIn } from "./environment.ts";
import { attended } from "./exchange.ts";
import { lastWords, messageOf } from "./faults.ts";
import { SIDECAR_LEVEL } from "./lines.gen.ts";
import { LineSplitter } from "./lines.ts";
import { descriptorSink, Outbox } from "./outbox.ts";
import { patient } from "./patience.ts";
import { loadPi } from "./pi.ts";
import { seclude } from "./seclusion.ts";
import { VERSION } from "./version.ts";

const LINES_OUT = 3;
const LEAVE_MS = 1500;

async function main(): Promise<void> {
  seclude();
  const surroundings = settleIn();
  globalThis.fetch = attended(patient(globalThis.fetch));
  const pi = await loadPi();
  const sink = descriptorSink(LINES_OUT, () => void leave(0));
  if (process.argv.includes("--check")) {
    await sink(Buffer.from(`${JSON.stringify(await check(pi))}\n`));
    return process.exit(0);
  }
  const out = new Outbox(sink);
  const desk = new Desk({ pi, out, surroundings, leave: () => void leave(0) });
  let leaving = false;

  /** What runs is aborted and its commands ended before we are gone, whoever sends us away. */
  async function leave(code: number): Promise<void> {
    if (leaving) return;
    leaving = true;
    setTimeout(() => process.exit(code), LEAVE_MS);
    await desk.close().catch((error: unknown) => console.error(messageOf(error)));
    await out.drained();
    process.exit(code);
  }

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => void leave(0));
  }
  process.on("unhandledRejection", (error) => console.error(error));
  process.on("uncaughtException", (error) => {
    console.error(lastWords(error));
    void leave(70);
  });

  out.send({
    type: "hello",
    level: SIDECAR_LEVEL,
    harness: "pi",
    version: VERSION,
    agentVersion: pi.VERSION,
    pid: process.pid,
    boxed: true,
  });
  out.send({ type: "credentials.wanted" });
  const splitter = new LineSplitter();
  for await (const chunk of Bun.stdin.stream()) {
    for (const line of splitter.push(chunk)) desk.take(line);
  }
  await leave(0);
}

await main();
