// Owns what we put into Pi from outside: the gate for tools that are not ours, and one true line
// about who the model is.

import type * as Pi from "@earendil-works/pi-coding-agent";

import { unknownRequest, type Gate } from "./gate.ts";
import type { ToolCalls } from "./toolcalls.ts";

interface Inside {
  gate: Gate;
  calls: ToolCalls;
  cwd: string;
  /** Whether the call will run a definition of ours, which asks by itself. */
  asksItself: (tool: string) => boolean;
}

/** Runs after every other extension, so it sees the arguments a call will really have. */
export function insideExtension({ gate, calls, cwd, asksItself }: Inside): Pi.ExtensionFactory {
  return (pi) => {
    pi.on("tool_call", async (event, ctx) => {
      if (asksItself(event.toolName)) return undefined;
      const item = calls.item(event.toolCallId, event.toolName);
      calls.asking(event.toolCallId, event.input);
      const request = unknownRequest(event.toolName, event.input, cwd);
      try {
        await gate.ask({ item, request, signal: ctx.signal });
      } catch (error) {
        return { block: true, reason: (error as Error).message };
      }
      calls.running(event.toolCallId);
      return undefined;
    });
    pi.on("before_agent_start", (event, ctx) => {
      const { model } = ctx;
      if (!model) return;
      event.systemPromptOptions.sections ??= {};
      event.systemPromptOptions.sections["identity"] = identityLine(model.provider, model.id);
    });
  };
}

function identityLine(provider: string, model: string): string {
  return `You are the model ${provider}/${model}, run by the coding agent Pi under the daemon claudetted.`;
}
