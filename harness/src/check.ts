// Owns the check of a staged harness: what breaks silently when Pi is staged wrongly.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { VERSION } from "./version.ts";

export interface Check {
  version: string;
  piVersion: string;
  imageResized: boolean;
  htmlExport: boolean;
}

export async function check(pi: typeof Pi): Promise<Check> {
  return {
    version: VERSION,
    piVersion: pi.VERSION,
    imageResized: await imageResized(pi),
    htmlExport: await htmlExported(pi),
  };
}

/** Without its library Pi leaves images out and says nothing. */
async function imageResized(pi: typeof Pi): Promise<boolean> {
  const small = await pi.resizeImage(bitmap(64, 48), "image/bmp", { maxWidth: 16, maxHeight: 16 });
  return small !== null && small.wasResized && small.width === 16 && small.height === 12;
}

async function htmlExported(pi: typeof Pi): Promise<boolean> {
  const directory = mkdtempSync(join(tmpdir(), "claudette-check-"));
  try {
    return await exportIn(pi, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function exportIn(pi: typeof Pi, directory: string): Promise<boolean> {
  const sessionManager = pi.SessionManager.create(directory, directory);
  sessionManager.appendMessage({ role: "user", content: "exported", timestamp: 0 });
  const { session } = await pi.createAgentSession({
    cwd: directory,
    agentDir: directory,
    sessionManager,
    settingsManager: pi.SettingsManager.inMemory({}, { projectTrusted: false }),
  });
  try {
    const path = await session.exportToHtml(join(directory, "session.html"));
    return readFileSync(path, "utf8").includes("<html");
  } finally {
    session.dispose();
  }
}

/** An uncompressed picture in one colour. */
function bitmap(width: number, height: number): Uint8Array {
  const size = 54 + width * height * 3;
  const bytes = Buffer.alloc(size, 0x7f);
  bytes.fill(0, 0, 54);
  bytes.write("BM", 0);
  bytes.writeUInt32LE(size, 2);
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  bytes.writeUInt32LE(width * height * 3, 34);
  return bytes;
}
