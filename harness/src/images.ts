// Owns images on their way through: those of messages to Pi, and what stands for one of a tool.

import { readFile } from "node:fs/promises";

import type * as Pi from "@earendil-works/pi-coding-agent";

import { LineFault } from "./faults.ts";
import type { ImageFile } from "./lines.gen.ts";

export interface Image {
  type: "image";
  data: string;
  mimeType: string;
}

/** As they are in the chat's directory; Pi makes those of a prompt smaller itself. */
export async function imagesOf(files: ImageFile[] | undefined): Promise<Image[]> {
  return Promise.all((files ?? []).map(read));
}

/** For a message that goes to the agent without Pi's own preparation of prompts. */
export async function fitted(pi: typeof Pi, files: ImageFile[] | undefined): Promise<Image[]> {
  const images = await imagesOf(files);
  return Promise.all(images.map((image) => smaller(pi, image)));
}

async function read({ path, mimeType, name }: ImageFile): Promise<Image> {
  try {
    return { type: "image", data: (await readFile(path)).toString("base64"), mimeType };
  } catch {
    throw new LineFault("HarnessFailed", `The image ${name || path} is not there.`, { harness: "pi" });
  }
}

async function smaller(pi: typeof Pi, image: Image): Promise<Image> {
  const resized = await pi.resizeImage(Buffer.from(image.data, "base64"), image.mimeType);
  return resized ? { type: "image", data: resized.data, mimeType: resized.mimeType } : image;
}

export function standIn(data: string): string {
  const size = Math.floor((data.replace(/=+$/, "").length * 3) / 4);
  if (size < 1000) return `[image, ${size} bytes]`;
  return size < 1e6 ? `[image, ${Math.round(size / 1000)} kB]` : `[image, ${(size / 1e6).toFixed(1)} MB]`;
}
