// Owns waiting for slow models: a request ends with its answer, or when it is given up.

type Fetch = typeof globalThis.fetch;

/** Bun itself cuts a connection off that is silent for five minutes, unless each request says no. */
export function patient(fetch: Fetch): Fetch {
  const wait = (input: Parameters<Fetch>[0], init?: Parameters<Fetch>[1]): ReturnType<Fetch> =>
    fetch(input, { ...init, timeout: false } as RequestInit);
  return Object.assign(wait, fetch);
}
