// What we use of Pi, as it is in the pinned version: the difference to the last one is what a new
// release has moved. After a look at it, `bun test surface -u` makes it the expected one.

import { afterAll, afterEach, expect, test } from "bun:test";

import { readFileSync } from "node:fs";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { loadPi, piDirectory } from "../src/pi.ts";
import { ALL_TOOLS } from "../src/tools.ts";
import { variablesOf } from "../src/variables.ts";
import { removeScratch, scratch } from "./scratch.ts";
import { ScriptedModel } from "./scripted_model.ts";

afterEach(removeScratch);

const pi = await loadPi();
const model = new ScriptedModel();
afterAll(() => model.close());

const SOURCES = `${import.meta.dir}/../src`;
const BUNDLE = `${piDirectory()}/dist/bundle`;

/** What matches in any file of a directory, each once. */
function namesIn(directory: string, files: string, pattern: RegExp): Set<string> {
  const paths = [...new Bun.Glob(files).scanSync({ cwd: directory, absolute: true })];
  const found = paths.flatMap((path) => [...readFileSync(path, "utf8").matchAll(pattern)]);
  return new Set(found.map((match) => match[1] ?? ""));
}

const MEMBERS = namesIn(SOURCES, "*.ts", /\.([A-Za-z]+)\b/g);

/** Of what Pi's objects have, as much as our sources name. */
function membersOf(of: object): string[] {
  const own = Object.getOwnPropertyNames(Object.getPrototypeOf(of) as object);
  return [...new Set([...own, ...Object.keys(of)])].filter((name) => MEMBERS.has(name)).sort();
}

function variablesUsed(): string[] {
  const ours = namesIn(SOURCES, "*.ts", /\b(PI_[A-Z_]+)\b/g);
  const theirs = namesIn(BUNDLE, "**/*.js", /\b(PI_[A-Z_]+)\b/g);
  return [...ours].map((name) => `${name}: ${theirs.has(name) ? "read by Pi" : "not in Pi"}`).sort();
}

function toolsOf(session: Pi.AgentSession): string[] {
  const known = new Map(session.getAllTools().map((tool) => [tool.name, tool]));
  return ALL_TOOLS.map((name) => {
    const schema = known.get(name)?.parameters as { properties?: object; required?: string[] } | undefined;
    const options = Object.keys(schema?.properties ?? {});
    return `${name}: ${options.map((one) => (schema?.required?.includes(one) ? one : `${one}?`)).join(" ")}`;
  });
}

/** The model that Pi takes for a provider when none is named. */
function defaultModels(): string[] {
  const source = readFileSync(`${piDirectory()}/dist/core/model-resolver.js`, "utf8");
  const table = /defaultModelPerProvider = \{([^}]*)\}/.exec(source)?.[1] ?? "";
  return table.split("\n").map((line) => line.trim()).filter(Boolean).sort();
}

async function providersOf(runtime: Pi.ModelRuntime): Promise<string[]> {
  const rows = runtime.getProviders().map(async (provider) => {
    const ways = [provider.auth.apiKey ? "key" : "", provider.auth.oauth ? "sign-in" : ""].filter(Boolean);
    return `${provider.id} (${provider.name}): ${ways.join(", ")}; ${(await variablesOf(provider)).join(" ")}`;
  });
  return (await Promise.all(rows)).sort();
}

async function open(): Promise<{ session: Pi.AgentSession; runtime: Pi.ModelRuntime }> {
  const directory = scratch();
  const runtime = await pi.ModelRuntime.create({ authPath: `${directory}/auth.json`, modelsPath: null });
  runtime.registerProvider("fake", model.provider);
  const { session } = await pi.createAgentSession({
    cwd: directory,
    agentDir: directory,
    modelRuntime: runtime,
    model: runtime.getModel("fake", "small"),
    sessionManager: pi.SessionManager.create(directory, directory),
    settingsManager: pi.SettingsManager.inMemory({ retry: { baseDelayMs: 1 } }, { projectTrusted: false }),
    tools: ALL_TOOLS,
  } as Parameters<typeof pi.createAgentSession>[0]);
  return { session, runtime };
}

/** Every kind of event of a turn that fails once, thinks, calls a tool and answers; and of a summary. */
async function eventsOf(session: Pi.AgentSession): Promise<string[]> {
  const seen = new Set<string>();
  session.subscribe((event) => {
    seen.add(`${event.type}: ${Object.keys(event).sort().join(" ")}`);
    const update = "assistantMessageEvent" in event ? event.assistantMessageEvent : null;
    if (update) seen.add(`  ${update.type}: ${Object.keys(update).sort().join(" ")}`);
    if (event.type === "message_end") seen.add(`  of ${event.message.role}: ${Object.keys(event.message).sort().join(" ")}`);
  });
  await session.prompt("go");
  await session.compact().catch(() => {});
  return [...seen].sort();
}

test("what we use of Pi is as it was", async () => {
  const { session, runtime } = await open();
  try {
    const surface = {
      exports: membersOf(pi),
      variables: variablesUsed(),
      session: membersOf(session),
      runtime: membersOf(runtime),
      sessions: membersOf(session.sessionManager),
      settings: membersOf(session.settingsManager),
      tools: toolsOf(session),
      providers: await providersOf(runtime),
      defaults: defaultModels(),
      events: await eventsOf(session),
    };
    expect(surface).toMatchSnapshot();
  } finally {
    session.dispose();
  }
}, 60_000);
