// Owns an editor on the official library of the Agent Client Protocol: opens a session in the
// current directory, sends a prompt, answers each card, loads the session again, and prints as JSON
// what it was shown. Arguments: the library's directory, the answer to cards, the prompt, and the
// words that start the agent.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";

const [library = "", option = "", prompt = "", ...words] = process.argv.slice(2);
const acp = await import(join(library, "dist/v1/stable/acp.js"));
const cwd = process.cwd();
const [command = "", ...rest] = words;
const agent = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
const stream = acp.ndJsonStream(Writable.toWeb(agent.stdin), Readable.toWeb(agent.stdout));

let text = "";
const calls: Record<string, string> = {};
const cards: string[] = [];

const editor = acp
  .client({ name: "official" })
  .onRequest(acp.methods.client.session.requestPermission, ({ params }: any) => {
    cards.push(params.toolCall.title);
    return { outcome: { outcome: "selected", optionId: option } };
  })
  .onNotification(acp.methods.client.session.update, ({ params }: any) => {
    const update = params.update;
    if (update.sessionUpdate === "agent_message_chunk") text += update.content.text;
    if (update.toolCallId && update.status) calls[update.toolCallId] = update.status;
  });

await editor.connectWith(stream, async (peer: any) => {
  const { agentCapabilities } = await peer.request(acp.methods.agent.initialize, {
    protocolVersion: 1,
    clientCapabilities: {},
  });
  const { sessionId } = await peer.request(acp.methods.agent.session.new, { cwd, mcpServers: [] });
  const content = [{ type: "text", text: prompt }];
  const { stopReason } = await peer.request(acp.methods.agent.session.prompt, { sessionId, prompt: content });
  const said = text;
  text = "";
  await peer.request(acp.methods.agent.session.load, { sessionId, cwd, mcpServers: [] });
  const shown = { load: agentCapabilities.loadSession, stopReason, said, replayed: text, cards };
  console.log(JSON.stringify({ ...shown, calls: Object.values(calls) }));
});
agent.stdin.end();
