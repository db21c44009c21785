// Owns the answering of request lines: each one once, in any order, none held up by another.

import type * as Pi from "@earendil-works/pi-coding-agent";

import { hideSignIn } from "./claude.ts";
import { StandIns } from "./credentials.ts";
import type { Surroundings } from "./environment.ts";
import { LineFault, lineError, messageOf } from "./faults.ts";
import { Keys } from "./keys.ts";
import { cutText } from "./lines.ts";
import type { Configure, Credentials, ModelList, Start, Started, ToSidecar } from "./lines.gen.ts";
import { Logins } from "./login.ts";
import type { Outlet } from "./outbox.ts";
import { listCommands } from "./project.ts";
import { listModels, listProviders, look } from "./providers.ts";
import { Session } from "./session.ts";
import { settingsManager } from "./settings.ts";

export interface Staff {
  pi: typeof Pi;
  out: Outlet;
  surroundings: Surroundings;
  /** Ends the process, after the reply is out. */
  leave: () => void;
}

type Request = Exclude<ToSidecar, { type: "decide" | "credentials" | "environment" | "inform" }>;

export class Desk {
  private session: Session | null = null;
  private starting: Promise<Started> | null = null;
  private runtimeOnce: Promise<Pi.ModelRuntime> | null = null;
  /** Ends when Pi has looked at the credentials that came last. */
  private looked: Promise<unknown> = Promise.resolve();
  private changed: Promise<unknown> = Promise.resolve();
  private readonly standIns = new StandIns();

  private readonly logins: Logins;

  constructor(private readonly staff: Staff) {
    const { pi, out } = staff;
    this.logins = new Logins(out, () => settingsManager(pi, pi.getAgentDir()));
  }

  /** A line nobody can read is told on stderr and costs nothing else. */
  take(text: string): void {
    if (text.trim() === "") return;
    try {
      this.handle(JSON.parse(text) as ToSidecar);
    } catch (error) {
      console.error(`A line from the daemon was ignored: ${messageOf(error)}`);
    }
  }

  async close(): Promise<void> {
    await this.session?.dispose();
  }

  private handle(line: ToSidecar): void {
    if (line.type === "decide") this.session?.gate.decide(line);
    else if (line.type === "credentials") this.credentials(line);
    else if (line.type === "environment") this.staff.surroundings.carry(line.env);
    else if (line.type !== "inform" && typeof line.id === "number") void this.answer(line);
    else throw new Error(`no request: ${cutText(JSON.stringify(line), 200)}`);
  }

  private async answer(line: Request): Promise<void> {
    const { out } = this.staff;
    try {
      const result = await this.result(line);
      out.send({ type: "reply", id: line.id, result: result ?? null });
    } catch (error) {
      out.send({ type: "reply", id: line.id, error: lineError(error) });
    }
    if (line.type === "dispose") this.staff.leave();
  }

  private async result(line: Request): Promise<unknown> {
    switch (line.type) {
      case "start":
        return this.start(line);
      case "models":
        return this.models();
      case "commands":
        return listCommands(this.staff.pi, this.staff.pi.getAgentDir(), line);
      case "providers":
        return listProviders(this.staff.pi, await this.runtime(), this.standIns, await this.keys());
      case "store.key":
        return (await this.keys()).store(line);
      case "login.start":
        return this.logins.start(line, await this.runtime());
      case "login.answer":
        return this.logins.answer(line);
      case "login.cancel":
        return this.logins.cancel(line);
      case "clear.key":
        return (await this.keys()).clear(line);
      case "key":
        return (await this.keys()).inUse(line);
      case "prompt":
        return (await this.configured()).prompt(line);
      case "steer":
        return (await this.ready()).steer(line);
      case "abort":
        return this.abort();
      case "configure":
        return this.configure(line);
      case "compact":
        return (await this.ready()).compact(line.instructions ?? "");
      case "dispose":
        return this.close();
      default:
        throw new LineFault("InvalidRequest", `Unknown request ${(line as { type: string }).type}.`);
    }
  }

  private start(line: Start): Promise<Started> {
    if (this.starting) throw new LineFault("InvalidRequest", "The session is started already.");
    this.starting = this.open(line);
    return this.starting;
  }

  private async open(line: Start): Promise<Started> {
    const { pi, out, surroundings } = this.staff;
    try {
      const [runtime, agentDir] = [await this.runtime(), pi.getAgentDir()];
      const blocked = () => this.standIns.blocked;
      this.session = await Session.open({ pi, out, surroundings, runtime, agentDir, blocked }, line);
      return this.session.started();
    } catch (error) {
      this.starting = null;
      throw error;
    }
  }

  private async ready(): Promise<Session> {
    await this.starting;
    await this.looked;
    if (this.session) return this.session;
    throw new LineFault("InvalidRequest", "The session is not started.");
  }

  private configure(line: Configure): Promise<Started> {
    const changed = this.configured().then((session) => session.configure(line));
    this.changed = Promise.allSettled([changed]);
    return changed;
  }

  /** When what was asked to change before has changed, or was refused. */
  private async configured(): Promise<Session> {
    await this.changed;
    return this.ready();
  }

  /** Takes the same way as a prompt that came before it, so that it comes after it. */
  private async abort(): Promise<void> {
    if (this.starting) await (await this.ready()).abort();
  }

  private async models(): Promise<ModelList> {
    const models = await listModels(await this.runtime());
    return { models, trouble: this.standIns.trouble };
  }

  private credentials(line: Credentials): void {
    this.standIns.take(line);
    const looking = this.runtimeOnce?.then(look);
    this.looked = Promise.resolve(looking).catch((error: unknown) => console.error(messageOf(error)));
  }

  private async keys(): Promise<Keys> {
    return new Keys(this.staff.pi.getAgentDir(), await this.runtime());
  }

  private runtime(): Promise<Pi.ModelRuntime> {
    this.runtimeOnce ??= this.standIns.ready.then(() => this.create());
    return this.runtimeOnce;
  }

  private async create(): Promise<Pi.ModelRuntime> {
    const runtime = await this.staff.pi.ModelRuntime.create({ refreshOnCreate: false });
    hideSignIn(runtime);
    await look(runtime);
    return runtime;
  }
}
