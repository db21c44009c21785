// Owns models: which can be used, and which one a name means. Never another one than asked for.

import type * as Pi from "@earendil-works/pi-coding-agent";

import { LineFault } from "./faults.ts";
import type { ModelRow } from "./lines.gen.ts";

const NEAREST = 5;
/** Of the pairs of letters of both names, the share that both have. */
const NEAR = 0.4;
const ADVICE =
  "Sign in with /login github-copilot, store a key with " +
  "`claudette provider set openrouter` (/key openrouter in a terminal's chat), or start Ollama; " +
  "then /retry sends the message again.";

export interface Model {
  id: string;
  provider: string;
  name?: string;
  contextWindow?: number;
  input?: readonly string[];
}

export const idOf = (model: Model): string => `${model.provider}/${model.id}`;

export async function availableModels(runtime: Pi.ModelRuntime): Promise<Model[]> {
  await runtime.refresh({ allowNetwork: false });
  return [...((await runtime.getAvailable()) as Model[])];
}

export function modelRow(model: Model): ModelRow {
  const row: ModelRow = { id: idOf(model), provider: model.provider, name: model.name || model.id };
  if (model.contextWindow) row.contextWindow = model.contextWindow;
  if (model.input) row.images = model.input.includes("image");
  return row;
}

/** The model that `name` means: `provider/model`, or a bare id that only one provider has. */
export function resolveModel(name: string, available: Model[], known: readonly Model[]): Model {
  const exact = available.find((model) => idOf(model) === name);
  if (exact) return exact;
  const bare = available.filter((model) => model.id === name);
  if (bare.length === 1 && bare[0]) return bare[0];
  throw unknownModel(name, available, known);
}

export function noModel(): LineFault {
  return new LineFault("ModelUnknown", `No model can be used yet. ${ADVICE}`, { model: "", nearest: [] });
}

export function unknownModel(
  name: string,
  available: readonly Model[],
  known: readonly Model[],
): LineFault {
  const nearest = nearestNames(name, available.map(idOf));
  const locked = known.find((model) => idOf(model) === name);
  const why = locked
    ? `No credentials of ${locked.provider} are configured, so ${name} cannot be used.`
    : `No configured provider has a model ${name}.`;
  const near = nearest.length > 0 ? ` Nearest: ${nearest.join(", ")}.` : "";
  // The daemon may know models of servers, which is why it is not said that there are none.
  const hint = available.length > 0 ? near : ` ${ADVICE}`;
  return new LineFault("ModelUnknown", why + hint, { model: name, nearest });
}

/** The names that are alike: those that share most pairs of letters with what was asked for. */
export function nearestNames(name: string, names: string[]): string[] {
  const wanted = pairsOf(name);
  const scored = names.map((candidate) => ({ candidate, score: likeness(wanted, pairsOf(candidate)) }));
  scored.sort((a, b) => b.score - a.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.filter(({ score }) => score >= NEAR).slice(0, NEAREST).map(({ candidate }) => candidate);
}

function likeness(a: Set<string>, b: Set<string>): number {
  const shared = [...a].filter((pair) => b.has(pair)).length;
  return (2 * shared) / (a.size + b.size || 1);
}

function pairsOf(name: string): Set<string> {
  const text = name.toLowerCase();
  return new Set(Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2)));
}
