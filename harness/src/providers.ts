// Owns providers as Pi knows them: ways to sign in, variables, and which credential wins.

import type * as Pi from "@earendil-works/pi-coding-agent";

import type { StandIns } from "./credentials.ts";
import { withoutSending } from "./exchange.ts";
import type { Keys } from "./keys.ts";
import type { ModelRow, Origin, ProviderList, ProviderRow } from "./lines.gen.ts";
import { availableModels, modelRow } from "./models.ts";
import { settingsOf, variablesOf } from "./variables.ts";

const LOOK_MS = 1500;

type Provider = ReturnType<Pi.ModelRuntime["getProviders"]>[number];
type Status = ReturnType<Pi.ModelRuntime["getProviderAuthStatus"]>;

/** What is in use, and what would be without auth.json, and without models.json either. */
interface Layers {
  all: Pi.ModelRuntime;
  below: Pi.ModelRuntime[];
  standIns: StandIns;
}

export async function listProviders(
  pi: typeof Pi,
  runtime: Pi.ModelRuntime,
  standIns: StandIns,
  keys: Keys,
): Promise<ProviderList> {
  const { aborted } = await look(runtime);
  const credentials = emptyStore();
  const below = await Promise.all([
    pi.ModelRuntime.create({ credentials }),
    pi.ModelRuntime.create({ credentials, modelsPath: null }),
  ]);
  const layers = { all: runtime, below, standIns };
  const providers = await Promise.all(runtime.getProviders().map((one) => providerRow(layers, one)));
  const locked = aborted ? "Pi's auth.json is locked by another program, and was not read." : "";
  const troubles = [standIns.trouble, locked || keys.trouble(), runtime.getError() ?? ""];
  return { providers, trouble: troubles.filter(Boolean).join(" ") };
}

/** Looks at what is configured now; not for long at a file that somebody else has locked. */
export function look(runtime: Pi.ModelRuntime): Promise<{ aborted: boolean }> {
  return runtime.refresh({ allowNetwork: false, signal: AbortSignal.timeout(LOOK_MS) });
}

async function providerRow(layers: Layers, provider: Provider): Promise<ProviderRow> {
  const { id, name } = provider;
  const origins = originsOf(id, layers);
  const models = usableModels(id, layers) ?? layers.all.getModels(id);
  const ways: ProviderRow["ways"] = [];
  if (provider.auth.apiKey) ways.push("api_key");
  if (provider.auth.oauth) ways.push("oauth");
  const variables = await variablesOf(provider);
  const lacks = await lackOf(id, layers.all);
  const row = { id, name, ways, variables, settings: settingsOf(variables), models: models.length, origins };
  return lacks ? { ...row, models: 0, lacks } : row;
}

/** The models of the providers that a turn would begin with: what a row lacks, its models lack. */
export async function listModels(runtime: Pi.ModelRuntime): Promise<ModelRow[]> {
  const available = await availableModels(runtime);
  const ids = [...new Set(available.map(({ provider }) => provider))];
  const lacks = await Promise.all(ids.map((id) => lackOf(id, runtime)));
  const whole = ids.filter((_, at) => !lacks[at]);
  return available
    .filter(({ provider }) => whole.includes(provider))
    .map((model) => ({ ...modelRow(model), providerName: runtime.getProvider(model.provider)?.name ?? "" }));
}

function usableModels(provider: string, { all, below }: Layers): unknown[] | undefined {
  const configured = [all, ...below].find((one) => one.getProviderAuthStatus(provider).configured);
  return configured?.getAvailableSnapshot().filter((model) => model.provider === provider);
}

function originsOf(provider: string, { all, below, standIns }: Layers): Origin[] {
  const told = [all, ...below].map((runtime) => originOf(runtime.getProviderAuthStatus(provider)));
  const known = told.filter((origin): origin is Origin => origin !== undefined);
  const found = known.flatMap((origin) => uncovered(origin, standIns));
  return found.filter((origin, at) => found.findIndex((other) => alike(other, origin)) === at);
}

/** A private key, and the variable that it stands in for if that has a value. */
function uncovered(origin: Origin, standIns: StandIns): Origin[] {
  const name = origin.name ?? "";
  if (origin.kind !== "environment" || !standIns.isPrivate(name)) return [origin];
  return [{ kind: "private", name }, ...(standIns.hides(name) ? [origin] : [])];
}

const alike = (a: Origin, b: Origin): boolean => a.kind === b.kind && a.name === b.name;

function originOf({ configured, source, label }: Status): Origin | undefined {
  if (!configured) return undefined;
  if (source === "stored") return { kind: "auth.json" };
  if (source === "environment") return { kind: "environment", name: label ?? "" };
  return { kind: "models.json" };
}

/** Why a turn would not begin with what the environment has, found by beginning one up to the moment
 *  at which something would be sent. */
async function lackOf(provider: string, runtime: Pi.ModelRuntime): Promise<string> {
  const { configured, source } = runtime.getProviderAuthStatus(provider);
  const model = runtime.getModels(provider)[0];
  if (!configured || source !== "environment" || !model) return "";
  let reached = false;
  const reach = (): void => {
    reached = true;
  };
  const onPayload = (): never => {
    reach();
    throw new Error("nothing is sent");
  };
  const context = { messages: [{ role: "user" as const, content: "", timestamp: 0 }] };
  const signal = AbortSignal.timeout(LOOK_MS);
  const stream = withoutSending(reach, () =>
    runtime.streamSimple(model, context, { onPayload, signal }),
  );
  const end = await stream.result();
  return reached || signal.aborted ? "" : (end.errorMessage ?? "");
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
