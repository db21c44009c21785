// Owns one Pi session: opening it, its turns, and what may change while it lives.

import { rm } from "node:fs/promises";
import { join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import type { Workshop } from "./call.ts";
import { refuseBlocked } from "./claude.ts";
import { Endpoints, withRoom } from "./endpoints.ts";
import type { Surroundings } from "./environment.ts";
import { Translator, type PiEvent } from "./events.ts";
import { attend } from "./exchange.ts";
import { LineFault, messageOf } from "./faults.ts";
import { Gate } from "./gate.ts";
import { Groups } from "./groups.ts";
import { insideExtension } from "./identity.ts";
import { fitted, imagesOf } from "./images.ts";
import type { Configure, Level, Prompt, Start, Started, Steer } from "./lines.gen.ts";
import { availableModels, idOf, noModel, resolveModel, unknownModel, type Model } from "./models.ts";
import type { Outlet } from "./outbox.ts";
import { Project } from "./project.ts";
import { fitCompaction, settingsManager } from "./settings.ts";
import { Outputs } from "./outputs.ts";
import { remakeTempDir } from "./tempdir.ts";
import { ALL_TOOLS, guardedTools, READERS } from "./tools.ts";
import { openSessions } from "./transcripts.ts";
import { Unfinished } from "./unfinished.ts";
import { realWorkspace, Workspace } from "./workspace.ts";

const OUTPUT_BYTES = 256_000_000;
const THINKING = ["off", "minimal", "low", "medium", "high", "xhigh", "max"];

type Thinking = Parameters<Pi.AgentSession["setThinkingLevel"]>[0];
type PiModel = NonNullable<Pi.AgentSession["model"]>;

export interface Around {
  pi: typeof Pi;
  runtime: Pi.ModelRuntime;
  agentDir: string;
  out: Outlet;
  surroundings: Surroundings;
  /** Why Pi's own Anthropic models are not used now; empty when they may be. */
  blocked: () => string;
}

interface Turn {
  id: string;
  stopped: boolean;
  /** Resolves when Pi has begun to work on the prompt, or will not. */
  begun: Promise<void>;
}

export class Session {
  readonly gate: Gate;
  readonly groups: Groups;
  private readonly translator: Translator;
  private readonly steers: Steer[] = [];
  private turn: Turn | null = null;
  private compacting = false;
  private thinking = "";
  private level: Level = "standard";
  private settings!: Pi.SettingsManager;
  private resources!: Pi.DefaultResourceLoader;
  private project!: Project;
  private session!: Pi.AgentSession;
  private outputs!: Outputs;
  private unfinished!: Unfinished;
  private workspace!: Workspace;
  private readonly endpoints: Endpoints;

  private constructor(private readonly around: Around) {
    this.endpoints = new Endpoints(around.runtime);
    withRoom(around.runtime);
    attend(around.runtime, around.out);
    this.gate = new Gate(around.out);
    this.groups = new Groups(around.out);
    this.translator = new Translator(
      around.out,
      (text) => this.delivered(text),
      undefined,
      () => this.session.model?.provider ?? "",
    );
  }

  static async open(around: Around, start: Start): Promise<Session> {
    const session = new Session(around);
    const record = join(start.sessionDir, "workspace.json");
    const cwd = realWorkspace(start.cwd, record);
    const tempDir = remakeTempDir(start.tempDir);
    // What Pi writes of its own goes with the chat.
    process.env["TMPDIR"] = tempDir;
    session.outputs = new Outputs(tempDir, start.outputBytes || OUTPUT_BYTES);
    session.outputs.remove();
    session.unfinished = new Unfinished(join(start.sessionDir, "unfinished"));
    await session.unfinished.recover();
    session.workspace = Workspace.take(cwd, record);
    await session.create({ ...start, cwd, tempDir });
    return session;
  }

  started(): Started {
    const { model, sessionFile, thinkingLevel } = this.session;
    const usage = this.session.getContextUsage();
    return {
      sessionPath: sessionFile ?? "",
      model: model ? idOf(model as Model) : "",
      thinking: thinkingLevel,
      contextWindow: usage?.contextWindow ?? null,
      contextUsed: usage?.tokens ?? null,
      ...this.project.told(this.resources),
    };
  }

  /** Begins a turn, which ends by itself with exactly one `turn.end`. */
  prompt(line: Prompt): void {
    if (this.turn || this.compacting) throw busy();
    this.refuseBlocked();
    const begun = Promise.withResolvers<void>();
    this.turn = { id: line.turn, stopped: false, begun: begun.promise };
    void this.run(line, begun.resolve);
  }

  /** Queues the message at once or not at all: what a turn did not take is gone with it. */
  async steer(line: Steer): Promise<void> {
    const images = await fitted(this.around.pi, line.images);
    await this.turn?.begun;
    if (!this.turn || !this.session.isStreaming) {
      throw new LineFault("NotRunning", "No turn is running that could take the message.");
    }
    this.steers.push(line);
    const content = [{ type: "text" as const, text: line.text }, ...images];
    this.session.agent.steer({ role: "user", content, timestamp: Date.now() });
  }

  /** Returns when the agent is idle. */
  async abort(): Promise<void> {
    const turn = this.turn;
    if (turn) turn.stopped = this.translator.calls.stopping = true;
    // At once for what precedes the turn's first call, such as a compaction; then for the turn.
    const preparations = this.session.abort();
    await turn?.begun;
    this.session.clearQueue();
    await this.session.abort();
    await preparations;
  }

  async configure(line: Configure): Promise<Started> {
    if (line.thinking) this.thinking = checkedThinking(line.thinking);
    if (line.model) await this.setModel(line);
    // Pi forgets the level when a model in between does not think.
    if (this.thinking) this.session.setThinkingLevel(this.thinking as Thinking);
    if (line.level) this.setLevel(line.level);
    this.project.decide(line);
    return this.started();
  }

  async compact(instructions: string): Promise<void> {
    if (this.turn || this.compacting) throw busy();
    this.refuseBlocked();
    this.compacting = true;
    try {
      await this.session.compact(instructions || undefined);
    } catch (error) {
      throw new LineFault("NothingToCompact", `${messageOf(error).replace(/\.$/, "")}.`);
    } finally {
      this.compacting = false;
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([this.abort(), this.groups.endAll()]);
    this.session.dispose();
  }

  private async create(start: Start): Promise<void> {
    const { pi, runtime, agentDir } = this.around;
    this.endpoints.use(start.endpoint);
    if (start.thinking) this.thinking = checkedThinking(start.thinking);
    const settings = settingsManager(pi, agentDir, start.trusted === true);
    this.settings = settings;
    this.project = new Project(this.around, start.cwd, settings, start);
    const sessions = openSessions(pi, start);
    const tools = guardedTools(this.workshop(start, settings));
    const inside = insideExtension({
      gate: this.gate,
      calls: this.translator.calls,
      cwd: start.cwd,
      asksItself: (name) => tools.some((tool) => tool === this.session.getToolDefinition(name)),
    });
    const resourceLoader = new pi.DefaultResourceLoader({
      cwd: start.cwd,
      agentDir,
      settingsManager: settings,
      noExtensions: true,
      extensionFactories: [inside],
      agentsFilesOverride: (found) => this.project.allowed(found),
    });
    await resourceLoader.reload();
    this.resources = resourceLoader;
    const model = start.model ? await this.resolve(start.model) : undefined;
    const { session, modelFallbackMessage } = await pi.createAgentSession({
      cwd: start.cwd,
      agentDir,
      modelRuntime: runtime,
      resourceLoader,
      sessionManager: sessions,
      settingsManager: settings,
      tools: ALL_TOOLS,
      customTools: tools,
      ...(model ? { model } : {}),
    });
    this.session = session;
    this.fit();
    if (modelFallbackMessage) throw await this.withoutModel(start, modelFallbackMessage);
    await this.closeIfBlocked(start);
    if (this.thinking) session.setThinkingLevel(this.thinking as Thinking);
    this.setLevel(start.level ?? "standard");
    session.subscribe((event) => this.on(event as unknown as PiEvent));
  }

  private workshop(start: Start, settings: Pi.SettingsManager): Workshop {
    const { pi, surroundings } = this.around;
    const { shell, args } = pi.getShellConfig(settings.getShellPath());
    return {
      pi,
      gate: this.gate,
      calls: this.translator.calls,
      groups: this.groups,
      cwd: start.cwd,
      tempDir: start.tempDir,
      outputs: this.outputs,
      umask: surroundings.umask,
      unfinished: this.unfinished,
      workspace: this.workspace,
      rg: surroundings.rg,
      shell: { shell, args, prefix: settings.getShellCommandPrefix() },
      toolEnv: (fromPi) => surroundings.toolEnv(start.tempDir, fromPi),
    };
  }

  private async run(line: Prompt, begun: () => void): Promise<void> {
    let thrown = "";
    try {
      if (this.project.stale) await this.reload();
      // What is offered may be newer than the session.
      if (line.expand) await this.resources.reload();
      const images = await imagesOf(line.images);
      if (images.length > 0) await this.see();
      if (line.note) await this.session.sendCustomMessage(noteMessage(line.note));
      await this.session.prompt(line.text, {
        expandPromptTemplates: line.expand === true,
        ...(images.length > 0 ? { images } : {}),
        preflightResult: begun,
      });
    } catch (error) {
      thrown = messageOf(error);
    }
    begun();
    // Pi has settled by now, or swallowed the prompt, or refused it.
    this.endTurn(line.turn, thrown);
  }

  private on(event: PiEvent): void {
    this.translator.on(event);
    if (event.type === "agent_settled" && this.turn) {
      this.turn.stopped ||= event.aborted === true;
      this.endTurn(this.turn.id);
    }
  }

  private endTurn(id: string, thrown = ""): void {
    const turn = this.turn;
    if (turn?.id !== id) return;
    this.turn = null;
    const end = this.translator.endTurn(id, turn.stopped, thrown);
    this.translator.calls.stopping = false;
    this.steers.length = 0;
    this.session.clearQueue();
    this.outputs.remove();
    if (end.reason === "done") this.tellContext();
    this.around.out.send(end);
  }

  private tellContext(): void {
    const usage = this.session.getContextUsage();
    // After a compaction nobody knows until the next answer: what was reckoned then holds.
    if (!usage || usage.tokens === null) return;
    this.around.out.send({ type: "context", used: usage.tokens, window: usage.contextWindow });
  }

  private delivered(text: string): void {
    const at = this.steers.findIndex((steer) => steer.text === text);
    const [taken] = at < 0 ? [] : this.steers.splice(at, 1);
    if (taken) this.around.out.send({ type: "steer.taken", turn: taken.turn });
  }

  private async setModel({ model, endpoint }: Configure): Promise<void> {
    const before = this.endpoints.known;
    this.endpoints.use(endpoint);
    try {
      await this.session.setModel(await this.resolve(model ?? ""));
    } catch (error) {
      this.endpoints.use(before);
      throw error;
    }
    this.fit();
  }

  /** A server that does not say whether its model takes images is sent those of a person. */
  private async see(): Promise<void> {
    const { model } = this.session;
    if (model && this.endpoints.see()) await this.session.setModel(await this.resolve(idOf(model as Model)));
  }

  private async resolve(name: string): Promise<PiModel> {
    const { runtime, blocked } = this.around;
    const available = await availableModels(runtime);
    const found = resolveModel(name, available, runtime.getModels() as Model[]);
    refuseBlocked(found, blocked());
    return found as PiModel;
  }

  private async closeIfBlocked(start: Start): Promise<void> {
    try {
      this.refuseBlocked();
    } catch (error) {
      await this.abandon(start);
      throw error;
    }
  }

  private refuseBlocked(): void {
    refuseBlocked(this.session.model as Model | undefined, this.around.blocked());
  }

  /** Pi would go on with another model than the transcript's, or with none. */
  private async withoutModel(start: Start, message: string): Promise<LineFault> {
    await this.abandon(start);
    const name = /Could not restore model (\S+?)\.?(\s|$)/.exec(message)?.[1];
    if (!name) return noModel();
    const { runtime } = this.around;
    return unknownModel(name, await availableModels(runtime), runtime.getModels() as Model[]);
  }

  private async reload(): Promise<void> {
    this.project.stale = false;
    await this.session.reload();
    this.fit();
    this.setLevel(this.level);
  }

  /** What was opened is closed; a transcript that is new has nothing in it. */
  private async abandon(start: Start): Promise<void> {
    const path = this.session.sessionFile;
    this.session.dispose();
    if (!start.sessionPath && path) await rm(path);
  }

  /** Pi forgets it when it reloads. */
  private fit(): void {
    fitCompaction(this.settings, this.session.model as Model | undefined);
  }

  private setLevel(level: Level): void {
    this.level = level;
    this.session.setActiveToolsByName(level === "readonly" ? READERS : ALL_TOOLS);
  }
}

function noteMessage(content: string): Parameters<Pi.AgentSession["sendCustomMessage"]>[0] {
  return { customType: "claudetted", content, display: false, details: undefined };
}

function checkedThinking(level: string): string {
  if (THINKING.includes(level)) return level;
  throw new LineFault("InvalidParams", `Unknown thinking level ${level}; use ${THINKING.join(", ")}.`, {
    path: "$.thinking",
  });
}

function busy(): LineFault {
  return new LineFault("ChatBusy", "The agent is busy with another turn or a compaction.", {
    status: "running",
  });
}
