// Owns waiting for models: a request ends with its answer, or when it is given up, and one that a
// server wants to have later is sent again when the server said.

type Fetch = typeof globalThis.fetch;

/** Longer waits are left to a person. */
const LONGEST_WAIT_MS = 6 * 3600_000;
const MOST_WAITS = 50;
/** Nobody is told of shorter ones. */
const WORTH_TELLING_MS = 3000;
const LATER = [429, 503, 529];

/** Bun itself cuts a connection off that is silent for five minutes, unless each request says no. */
export function patient(fetch: Fetch): Fetch {
  const wait = (input: Parameters<Fetch>[0], init?: Parameters<Fetch>[1]): ReturnType<Fetch> =>
    fetch(input, { ...init, timeout: false } as RequestInit);
  return Object.assign(wait, fetch);
}

export interface Waiting {
  signal: AbortSignal | null | undefined;
  tell: (sentence: string) => void;
  host: string;
}

/** Sends until the answer is no more than a wait. Rejects as the request does when it is given up. */
export async function sentWhenAsked(send: () => Promise<Response>, waiting: Waiting): Promise<Response> {
  let waited = 0;
  for (let times = 1; ; times += 1) {
    const answer = await send();
    const wait = askedWait(answer, Date.now());
    if (wait <= 0) return answer;
    const until = clock(Date.now() + wait);
    if (waited + wait > LONGEST_WAIT_MS || times > MOST_WAITS) return tooLong(answer, waiting.host, until);
    waited += wait;
    if (wait >= WORTH_TELLING_MS) {
      waiting.tell(`${waiting.host} asks to wait (HTTP ${answer.status}); trying again at ${until}.`);
    }
    await answer.body?.cancel();
    await pause(wait, waiting.signal);
  }
}

/** Milliseconds that a server wants to have waited; 0 when it asks for nothing. */
export function askedWait(answer: Response, now: number): number {
  if (!LATER.includes(answer.status)) return 0;
  const exact = Number.parseFloat(answer.headers.get("retry-after-ms") ?? "");
  if (Number.isFinite(exact)) return Math.max(0, exact);
  const told = answer.headers.get("retry-after")?.trim() ?? "";
  const wait = /^\d+(\.\d+)?$/.test(told) ? Number(told) * 1000 : Date.parse(told) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

/** The same answer with the time in its sentence, which is all that a person gets to see of it. */
async function tooLong(answer: Response, host: string, until: string): Promise<Response> {
  const said = await answer.text();
  const told = /"message"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(said)?.[1];
  const why = told ? `${(JSON.parse(`"${told}"`) as string).replace(/[.\s]+$/, "")}; ` : "";
  const message = `${why}${host} asks to wait until ${until}`;
  return Response.json({ error: { message } }, { status: answer.status });
}

/** With the day when that is not today. */
export function clock(at: number): string {
  const [then, now] = [new Date(at), new Date()];
  const time = then.toTimeString().slice(0, 8);
  return then.toDateString() === now.toDateString() ? time : `${time} on ${then.toDateString()}`;
}

function pause(milliseconds: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      clearTimeout(timer);
      reject(signal?.reason ?? new DOMException("The operation was aborted.", "AbortError"));
    };
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", giveUp);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", giveUp, { once: true });
  });
}
