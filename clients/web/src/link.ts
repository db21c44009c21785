// Owns the connection to the daemon: requests, notifications, and connecting again.

import { signal } from "@preact/signals";

export type State = "connecting" | "open" | "offline" | "unpaired";

/** A request was answered with an error; the message is a sentence for a person. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly data: { name: string } & Record<string, unknown>,
  ) {
    super(message);
  }
}

const REVOKED = 4401;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const SILENCE = 10_000;

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (why: Error) => void;
}

export class Link {
  readonly state = signal<State>("connecting");
  private socket: WebSocket | null = null;
  private waiting = new Map<number, Waiting>();
  private lastId = 0;
  private wait = FIRST_WAIT;
  private timer = 0;

  constructor(
    private readonly token: string,
    private readonly told: (method: string, params: unknown) => void,
    private readonly opened: () => Promise<void>,
  ) {
    document.addEventListener("visibilitychange", () => this.wake());
    window.addEventListener("online", () => this.wake());
    window.addEventListener("offline", () => this.lose());
  }

  connect(): void {
    clearTimeout(this.timer);
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/socket`;
    const socket = new WebSocket(url, ["claudetted.1", `claudetted.token.${this.token}`]);
    this.socket = socket;
    if (this.state.value !== "offline") this.state.value = "connecting";
    socket.onopen = () => void this.greet(socket);
    socket.onmessage = (message) => this.take(String(message.data));
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
  }

  async call<T>(method: string, params: object = {}): Promise<T> {
    const socket = this.socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) {
      throw new Refused("Not connected: this was not done. Try again when the connection is back.", { name: "Offline" });
    }
    const id = ++this.lastId;
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
    });
  }

  private async greet(socket: WebSocket): Promise<void> {
    try {
      await this.call("daemon/hello", { name: "page", kind: "browser" });
      await this.opened();
    } catch {
      socket.close();
      return;
    }
    this.wait = FIRST_WAIT;
    this.state.value = "open";
  }

  private take(text: string): void {
    const frame = JSON.parse(text);
    if (frame.method) {
      this.told(frame.method, frame.params);
      return;
    }
    const waiting = this.waiting.get(frame.id);
    this.waiting.delete(frame.id);
    if (frame.error) waiting?.reject(new Refused(frame.error.message, frame.error.data ?? {}));
    else waiting?.resolve(frame.result);
  }

  private closed(code: number): void {
    this.socket = null;
    for (const one of this.waiting.values()) {
      one.reject(new Refused("The connection was lost before the answer came.", { name: "Lost" }));
    }
    this.waiting.clear();
    if (code === REVOKED) {
      this.state.value = "unpaired";
      return;
    }
    this.state.value = "offline";
    this.timer = window.setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  private lose(): void {
    const socket = this.socket;
    if (!socket) return;
    this.closed(0);
    socket.close();
  }

  /** The page is looked at again, or there is a network: a sleeping telephone's socket may be dead
   * without knowing it. */
  private wake(): void {
    if (document.visibilityState === "hidden" || this.state.value === "unpaired") return;
    this.wait = FIRST_WAIT;
    const socket = this.socket;
    if (!socket) {
      this.connect();
      return;
    }
    const silence = window.setTimeout(() => {
      if (socket === this.socket) this.lose();
    }, SILENCE);
    const heard = () => clearTimeout(silence);
    this.call("daemon/hello", { name: "page", kind: "browser" }).then(heard, heard);
  }
}
