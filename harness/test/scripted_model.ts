// Owns a server that speaks chat completions on loopback: it fails once, calls `ls`, then answers.

import type * as Pi from "@earendil-works/pi-coding-agent";

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const CALL = { index: 0, id: "c1", type: "function", function: { name: "ls", arguments: "{}" } };

export class ScriptedModel {
  private asked = 0;
  private readonly server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => this.answer() });

  get provider(): Parameters<Pi.ModelRuntime["registerProvider"]>[1] {
    const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };
    return {
      name: "Fake",
      baseUrl: `http://127.0.0.1:${this.server.port}/v1`,
      api: "openai-completions",
      apiKey: "none",
      models: [
        { id: "small", name: "Small", reasoning: true, input: ["text"], cost, contextWindow: 40_000, maxTokens: 1000 },
      ],
    };
  }

  close(): void {
    void this.server.stop(true);
  }

  private answer(): Response {
    this.asked += 1;
    if (this.asked === 1) return new Response('{"error": {"message": "busy"}}', { status: 503 });
    const calls = this.asked === 2;
    const pieces = calls
      ? [{ reasoning_content: "hm" }, { tool_calls: [CALL] }]
      : [{ content: "done" }];
    const chunks = [
      ...pieces.map((delta) => ({ choices: [{ index: 0, delta }] })),
      { choices: [{ index: 0, delta: {}, finish_reason: calls ? "tool_calls" : "stop" }], usage: USAGE },
    ];
    const lines = chunks.map((chunk) => `data: ${JSON.stringify({ id: "r", model: "small", ...chunk })}\n\n`);
    return new Response(`${lines.join("")}data: [DONE]\n\n`, { headers: { "content-type": "text/event-stream" } });
  }
}
