// Owns choosing a model: grouped, searched, the usual ones first.

import { useEffect, useState } from "preact/hooks";

import type { Model, ModelListResult } from "../../protocol.ts";
import { attempt, call } from "./state.ts";

export function Picker({ chosen, choose }: { chosen: string; choose: (model: string) => void }) {
  const [listed, setListed] = useState<Model[] | null>(null);
  const [search, setSearch] = useState("");
  const [all, setAll] = useState(false);
  useEffect(() => {
    void attempt(call<ModelListResult>("model/list")).then((told) => setListed(told?.models ?? []));
  }, []);
  if (!listed) return <p>Loading models…</p>;
  const found = matching(listed, search, all);
  const groups = new Map<string, Model[]>();
  for (const model of found) {
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
          {models.map((model) => (
            <button type="button" key={model.id} aria-pressed={model.id === chosen} disabled={model.usable === false} onClick={() => choose(model.id)}>
              {model.name}
              {model.usable === false && <small>needs a key or a sign-in</small>}
            </button>
          ))}
        </section>
      ))}
      {!found.length && <p>No model matches.</p>}
      {!all && !search && <button type="button" onClick={() => setAll(true)}>Show all models</button>}
    </div>
  );
}

export function matching(models: Model[], search: string, all: boolean): Model[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return models.filter((model) => all || model.primary);
  return models.filter((model) => {
    const text = `${model.id} ${model.name} ${model.group}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
