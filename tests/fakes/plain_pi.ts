// Owns a Pi without us: its own session, with its own tools, for one prompt in one directory.

import { join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

const [directory = "", prompt = "", ...tools] = process.argv.slice(2);
const pi = (await import(join(directory, "dist/bundle/index.js"))) as typeof Pi;
const cwd = process.cwd();
const agentDir = pi.getAgentDir();
const modelRuntime = await pi.ModelRuntime.create({ refreshOnCreate: false });
await modelRuntime.refresh({ allowNetwork: false });
const settingsManager = pi.SettingsManager.create(cwd, agentDir, { projectTrusted: false });
const resourceLoader = new pi.DefaultResourceLoader({ cwd, agentDir, settingsManager, noExtensions: true });
await resourceLoader.reload();
const { session } = await pi.createAgentSession({
  cwd,
  agentDir,
  modelRuntime,
  resourceLoader,
  settingsManager,
  sessionManager: pi.SessionManager.inMemory(cwd),
  tools,
});
await session.prompt(prompt);
process.exit(0);
