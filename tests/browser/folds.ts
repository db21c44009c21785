// Owns the check of the page's fold: prints every golden case that it does not show as it must.

import { readdirSync, readFileSync } from "node:fs";

import { Fold } from "../../clients/web/src/fold.ts";

const FOLDS = new URL("../golden/folds/", import.meta.url);
let failed = 0;

for (const name of readdirSync(FOLDS)) {
  const golden = JSON.parse(readFileSync(new URL(name, FOLDS), "utf8"));
  const shown = show(golden);
  const empty = { cursor: null, turn: null, sidecar: null, compacting: false, deleted: false, queuePaused: false };
  for (const [key, value] of Object.entries(shown)) {
    const wanted = golden.shown[key] ?? (key in empty ? empty[key as keyof typeof empty] : key === "chat" ? {} : []);
    if (holds(value, wanted)) continue;
    failed += 1;
    console.error(`${name}: ${key} is ${JSON.stringify(value)} and not ${JSON.stringify(wanted)}`);
  }
}
process.exit(failed ? 1 : 0);

function show(golden: any): Record<string, unknown> {
  const fold = new Fold();
  fold.snapshot(golden.subscribed);
  for (const line of golden.lines) {
    if (line.subscribed) fold.snapshot(line.subscribed);
    else if (line.method === "event") fold.event(line.params);
    else if (line.method === "delta") fold.delta(line.params);
    else if (line.method === "item/get") fold.fill(line.result.item.id, line.result.offset, line.result.text);
  }
  return {
    cursor: fold.cursor,
    chat: fold.chat,
    turn: fold.turn,
    items: fold.items,
    open: [...fold.open.values()],
    permissions: [...fold.permissions.keys()],
    questions: [...fold.questions.keys()],
    queue: fold.queue.map((entry) => entry.turnId),
    queuePaused: fold.queuePaused,
    sidecar: fold.sidecar?.id ?? null,
    compacting: fold.compacting,
    deleted: fold.deleted,
    reread: [...fold.gaps].sort(),
  };
}

/** Structures hold at least what is named. */
function holds(value: any, wanted: any): boolean {
  if (Array.isArray(wanted)) {
    return Array.isArray(value) && value.length === wanted.length && wanted.every((one, n) => holds(value[n], one));
  }
  if (wanted && typeof wanted === "object") {
    return !!value && Object.entries(wanted).every(([key, one]) => holds(value[key], one));
  }
  return (value ?? null) === (wanted ?? null) || (!value && !wanted);
}
