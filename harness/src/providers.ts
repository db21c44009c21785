// Owns providers as Pi knows them: ways to sign in, variables, and which credential wins.

import type * as Pi from "@earendil-works/pi-coding-agent";

import type { Origin, ProviderList, ProviderRow } from "./lines.gen.ts";

type Provider = ReturnType<Pi.ModelRuntime["getProviders"]>[number];
type Status = ReturnType<Pi.ModelRuntime["getProviderAuthStatus"]>;

/** What is in use, and what would be without auth.json, and without models.json either. */
interface Layers {
  all: Pi.ModelRuntime;
  below: Pi.ModelRuntime[];
}

export async function listProviders(pi: typeof Pi, runtime: Pi.ModelRuntime): Promise<ProviderList> {
  await runtime.refresh({ allowNetwork: false });
  const credentials = emptyStore();
  const below = await Promise.all([
    pi.ModelRuntime.create({ credentials }),
    pi.ModelRuntime.create({ credentials, modelsPath: null }),
  ]);
  const layers = { all: runtime, below };
  const providers = await Promise.all(runtime.getProviders().map((one) => providerRow(layers, one)));
  return { providers, trouble: runtime.getError() ?? "" };
}

async function providerRow(layers: Layers, provider: Provider): Promise<ProviderRow> {
  const { id, name } = provider;
  const origins = originsOf(id, layers);
  const models = origins.length > 0 ? await layers.all.getAvailable(id) : layers.all.getModels(id);
  const ways: ProviderRow["ways"] = [];
  if (provider.auth.apiKey) ways.push("api_key");
  if (provider.auth.oauth) ways.push("oauth");
  return { id, name, ways, variables: await variablesOf(provider), models: models.length, origins };
}

function originsOf(provider: string, { all, below }: Layers): Origin[] {
  const told = [all, ...below].map((runtime) => originOf(runtime.getProviderAuthStatus(provider)));
  const found = told.filter((origin): origin is Origin => origin !== undefined);
  return found.filter((origin, at) => found.findIndex((other) => alike(other, origin)) === at);
}

const alike = (a: Origin, b: Origin): boolean => a.kind === b.kind && a.name === b.name;

function originOf({ configured, source, label }: Status): Origin | undefined {
  if (!configured) return undefined;
  if (source === "stored") return { kind: "auth.json" };
  if (source === "environment") return { kind: "environment", name: label ?? "" };
  return { kind: "models.json" };
}

/** The variables that Pi looks at, by letting it look where there are none. */
export async function variablesOf(provider: Provider): Promise<string[]> {
  const names = new Set<string>();
  const ctx = {
    env: async (name: string) => {
      names.add(name);
      return undefined;
    },
    fileExists: async () => false,
  };
  const signal = new AbortController().signal;
  try {
    await provider.auth.apiKey?.resolve({ ctx, signal } as never);
  } catch (error) {
    console.error(`${provider.id} does not tell all of its variables:`, error);
  }
  return [...names];
}

/** Stands for an auth.json that holds nothing. */
function emptyStore(): NonNullable<NonNullable<Parameters<typeof Pi.ModelRuntime.create>[0]>["credentials"]> {
  return {
    read: async () => undefined,
    list: async () => [],
    modify: async () => undefined,
    delete: async () => undefined,
  };
}
