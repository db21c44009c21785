// Owns the settings Pi runs with: the user's own, read and never written, under ours.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { messageOf } from "./faults.ts";
import { idOf, type Model } from "./models.ts";
import { isMissing } from "./paths.ts";

/** Slow local models answer late; code from elsewhere and reports to elsewhere are off. */
const OURS = {
  httpIdleTimeoutMs: 0,
  enableInstallTelemetry: false,
  packages: [],
  extensions: [],
};

/** Of a window: kept free for the answer, and kept as it is when the rest is summarised. Pi's own
 *  numbers are lower from about 128k on. */
const FREE_SHARE = 4;
const KEPT_SHARE = 6;

/** A small window is compacted in time, and to less than it holds. Idempotent; for one model. */
export function fitCompaction(settings: Pi.SettingsManager, model: Model | undefined): void {
  if (!model?.contextWindow) return;
  const { contextWindow } = model;
  const { reserveTokens, keepRecentTokens } = settings.getCompactionSettings(model as never);
  const fitting = {
    reserveTokens: Math.min(reserveTokens, Math.floor(contextWindow / FREE_SHARE)),
    keepRecentTokens: Math.min(keepRecentTokens, Math.floor(contextWindow / KEPT_SHARE)),
  };
  settings.applyOverrides({ compaction: { modelOverrides: { [idOf(model)]: fitting } } });
}

/** A storage, not overrides: those are lost whenever Pi reloads its settings. A project has none,
 *  trusted or not: its settings could name programs and packages. */
export function settingsManager(
  pi: typeof Pi,
  agentDir: string,
  projectTrusted = false,
): Pi.SettingsManager {
  const text = JSON.stringify({ ...userSettings(join(agentDir, "settings.json")), ...OURS });
  const storage = {
    withLock(scope: "global" | "project", use: (current: string | undefined) => string | undefined) {
      use(scope === "global" ? text : undefined);
    },
  };
  return pi.SettingsManager.fromStorage(storage, { projectTrusted });
}

function userSettings(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, "")) as Record<string, unknown>;
  } catch (error) {
    if (!isMissing(error)) console.error(`${path} could not be read and is ignored: ${messageOf(error)}`);
    return {};
  }
}
