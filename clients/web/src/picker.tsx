// Owns choosing a model: grouped, searched, the usual ones first.

import { useEffect, useState } from "preact/hooks";

import type { Model, ModelListResult } from "../../protocol.ts";
import { attempt, call } from "./state.ts";

export function Picker({ chosen, choose }: { chosen: string; choose: (model: string) => void }) {
  const [listed, setListed] = useState<Model[] | null>(null);
  const [search, setSearch] = useState("");
  const [all, setAll] = useState(false);
  /** The groups that are shown whole. */
  const [whole, setWhole] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    void attempt(call<ModelListResult>("model/list")).then((told) => setListed(told?.models ?? []));
  }, []);
  if (!listed) return <p>Loading models…</p>;
  const isWhole = (group: string) => all || search.trim() !== "" || whole.has(group);
  const groups = new Map<string, Model[]>();
  for (const model of matching(listed, search)) {
    const head = model.runtime ? `${model.runtime}: ${model.group}` : model.group;
    groups.set(head, [...(groups.get(head) ?? []), model]);
  }
  return (
    <div class="picker">
      <label>
        Search models{" "}
        <input type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      </label>
      {[...groups].map(([group, models]) => (
        <section key={group}>
          <h2>{group}</h2>
          {models.filter((model) => model.primary || isWhole(group)).map((model) => (
            <button type="button" key={model.id} aria-pressed={model.id === chosen} disabled={model.usable === false} onClick={() => choose(model.id)}>
              {model.name}
              {model.usable === false && <small>needs a key or a sign-in</small>}
            </button>
          ))}
          {!isWhole(group) && models.some((model) => !model.primary) && (
            <button type="button" onClick={() => setWhole(new Set([...whole, group]))}>
              Show all ({models.length})…
            </button>
          )}
        </section>
      ))}
      {!groups.size && <p>No model matches.</p>}
      {!all && !search && <button type="button" onClick={() => setAll(true)}>Show all models</button>}
    </div>
  );
}

export function matching(models: Model[], search: string): Model[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => {
    const text = `${model.id} ${model.name} ${model.group}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
