// A sign-in is refused or driven, and never breaks the process that was asked for it.

import { expect, test } from "bun:test";

import type { LoginStart } from "../src/lines.gen.ts";
import { Logins } from "../src/login.ts";
import { Recorder } from "./recorder.ts";

type Login = (provider: string, kind: string, interaction: Interaction) => Promise<void>;

interface Interaction {
  signal: AbortSignal;
  prompt(asked: object): Promise<string>;
  notify(told: object): void;
}

const start = (line: object): LoginStart => ({ type: "login.start", id: 1, ...line }) as LoginStart;

function made(login: Login): { logins: Logins; out: Recorder; runtime: never } {
  const out = new Recorder();
  const provider = (id: string) => (id === "xai" ? { auth: { oauth: {} } } : undefined);
  const settings = () => ({ getOrCreateDeviceId: () => "" }) as never;
  return { logins: new Logins(out, settings), out, runtime: { login, getProvider: provider } as never };
}

test.each([{}, { login: "l" }, { provider: "xai" }, { login: "", provider: "xai" }, { login: "l", provider: "none" }])(
  "latent L8: %p begins nothing",
  async (line) => {
    const { logins, runtime } = made(async () => {
      throw new Error("begun");
    });
    await expect(logins.start(start(line), runtime)).rejects.toMatchObject({ fault: "InvalidParams" });
  },
);

test("a question that the page has answered is withdrawn", async () => {
  const page = new AbortController();
  const { logins, out, runtime } = made(async (_provider, _kind, interaction) => {
    const typed = interaction.prompt({ type: "manual_code", message: "Paste it:", signal: page.signal });
    page.abort();
    await typed.catch(() => {});
  });
  await logins.start(start({ login: "l", provider: "xai" }), runtime);
  expect(out.of("login.event").map(({ kind }) => kind)).toEqual(["prompt", "withdrawn"]);
  expect(() => logins.answer({ type: "login.answer", id: 2, login: "l", value: "late" })).toThrow("no open question");
});

test("an answered question is not withdrawn", async () => {
  let typed = "";
  const { logins, out, runtime } = made(async (_provider, _kind, interaction) => {
    const page = new AbortController();
    typed = await interaction.prompt({ type: "text", message: "Domain?", signal: page.signal });
    page.abort();
  });
  const over = logins.start(start({ login: "l", provider: "xai" }), runtime);
  logins.answer({ type: "login.answer", id: 2, login: "l", value: "git.example" });
  await over;
  expect(typed).toBe("git.example");
  expect(out.of("login.event").map(({ kind }) => kind)).toEqual(["prompt"]);
});
