// Owns sending every request of a process that preloads this to a stand-in, under its host's name.

const real = globalThis.fetch;
const standIn = process.env["STAND_IN"] ?? "";

globalThis.fetch = Object.assign(
  (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    return real(`${standIn}/${url.host}${url.pathname}${url.search}`, init);
  },
  { preconnect: real.preconnect },
);
