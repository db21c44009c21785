// Owns one call of a tool on its way from the model's arguments to its result, and what it asks.

import type * as Pi from "@earendil-works/pi-coding-agent";

import { digestOf, Refused, type Gate } from "./gate.ts";
import type { Groups } from "./groups.ts";
import type { Access, Request } from "./lines.gen.ts";
import type { Outputs } from "./outputs.ts";
import { Moved, realTarget } from "./paths.ts";
import { NOT_HELD, type Held } from "./shell.ts";
import type { ToolCalls } from "./toolcalls.ts";
import type { Unfinished } from "./unfinished.ts";
import type { Workspace } from "./workspace.ts";

/** What the tools need of the harness around them. */
export interface Workshop {
  pi: typeof Pi;
  gate: Gate;
  calls: ToolCalls;
  groups: Groups;
  cwd: string;
  tempDir: string;
  /** What is kept of the outputs of commands. */
  outputs: Outputs;
  umask: number;
  unfinished: Unfinished;
  workspace: Workspace;
  rg: string;
  shell: { shell: string; args: string[]; prefix?: string | undefined };
  toolEnv: (fromPi: Record<string, string | undefined>) => Record<string, string | undefined>;
}

export type Definition = Pi.ToolDefinition<any, any, any>;
export type Execute = Definition["execute"];
export type Maker = (shop: Workshop, call: Call) => Definition;

/** One call on its way from the model's arguments to its result. */
export class Call {
  asked = "";
  /** What holds the command that was allowed. */
  held: Held = NOT_HELD;
  path = "";
  private stopped: Error | null = null;

  constructor(
    private readonly shop: Workshop,
    readonly tool: string,
    readonly id: string,
    readonly input: unknown,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** Throws when the call may not run; remembers it, because some tools swallow what is thrown. */
  async ask(
    access: Access,
    about: Partial<Request>,
    seal: Record<string, unknown> = {},
    diff?: () => Promise<string>,
  ): Promise<void> {
    const { tool, input } = this;
    const digest = digestOf({ tool, access, input, paths: about.paths, cwd: about.cwd, ...seal });
    const request: Request = { tool, access, digest, cwd: this.shop.cwd, ...about };
    const question = { item: this.shop.calls.item(this.id, tool), request, signal: this.signal, diff };
    this.shop.calls[diff ? "askingFirst" : "asking"](this.id, input);
    try {
      const answer = this.shop.gate.ask({ ...question, supersedes: this.asked });
      const [allowed] = await Promise.all([answer, diff && this.tellArguments()]);
      this.asked = allowed.ask;
      this.held = allowed;
      this.shop.workspace.check();
    } catch (error) {
      this.stopped = error as Error;
      throw error;
    }
    if (about.diff === undefined) this.shop.calls.running(this.id);
    else this.shop.calls.changes(this.id, diff ? await diff() : about.diff);
  }

  private async tellArguments(): Promise<void> {
    await new Promise(setImmediate);
    this.shop.calls.given(this.id);
  }

  /** Asks to run without a box what failed in one; why it may not, empty when it may. */
  async askOutside(about: Partial<Request>): Promise<string> {
    try {
      await this.ask("run", { ...about, outside: true }, { outside: true });
      return "";
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.stopped = null;
      return error.message;
    }
  }

  /** Asks to read the place, and holds Pi to the real path that was asked about. */
  async askPath(access: Access, path: string): Promise<string> {
    this.path = await realTarget(path);
    await this.ask(access, { paths: [this.path] });
    if ((await realTarget(path)) !== this.path) throw this.stop(new Moved(path));
    return this.path;
  }

  stop(error: Error): Error {
    this.stopped = error;
    return error;
  }

  /** The reason for a failure: ours when we stopped it, the tool's otherwise. */
  cause(error: unknown): unknown {
    return this.stopped ?? error;
  }
}
