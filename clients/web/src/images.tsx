// Owns images: those that a person adds to a message, made small enough, and how all are drawn.
// They are drawn on canvases: the policy of the page lets it load pictures from its own place alone.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import type { Image, ItemImageResult, NewImage } from "../../protocol.ts";
import { Refused } from "./link.ts";
import { attempt, call } from "./state.ts";
import { bytes, visible } from "./text.ts";

const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/** What the daemon takes: of one image, and of all of a message. */
const MOST_BYTES = 3_932_160;
const MOST_TOGETHER = 8 * 1024 * 1024;
/** A photograph that is larger is sent with this many pixels a side. */
const SENT_SIDE = 2000;
const SHOWN_SIDE = 240;
const MOST_KEPT = 40;

export interface Added extends NewImage {
  bitmap: ImageBitmap;
}

/** Images that are to go with a message, after those that it has. */
export async function withMore(files: Iterable<File>, before: Added[]): Promise<Added[]> {
  const all = [...before];
  for (const file of files) all.push(await added(file));
  const total = all.reduce((sum, one) => sum + (one.data.length * 3) / 4, 0);
  if (total > MOST_TOGETHER) {
    throw new Refused("These images are too much for one message: send some in another.", { name: "ImageTooLarge" });
  }
  return all;
}

export function filesOf(given: DataTransfer | null): File[] {
  return [...(given?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}

async function added(file: File): Promise<Added> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Refused(`${file.name} is no image that can be sent.`, { name: "ImageInvalid" });
  });
  const fits = TYPES.includes(file.type) && file.size <= MOST_BYTES;
  const blob = fits ? file : await smaller(bitmap);
  return { data: await inBase64(blob), mimeType: blob.type, name: file.name.slice(0, 200), bitmap };
}

function smaller(bitmap: ImageBitmap): Promise<Blob> {
  const canvas = document.createElement("canvas");
  draw(canvas, bitmap, SENT_SIDE);
  return new Promise((done) => canvas.toBlob((blob) => done(blob!), "image/jpeg", 0.85));
}

function inBase64(blob: Blob): Promise<string> {
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",")[1] ?? "");
    reader.readAsDataURL(blob);
  });
}

function draw(canvas: HTMLCanvasElement, bitmap: ImageBitmap, side: number): void {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
}

/** Those beside the message that is being written. */
export function Chosen({ images, drop }: { images: Added[]; drop: (at: number) => void }) {
  if (!images.length) return null;
  return (
    <ul class="images" aria-label="Images of the message">
      {images.map((one, at) => (
        <li key={at}>
          <Picture bitmap={one.bitmap} label={one.name || "image"} />
          <button type="button" aria-label={`Remove ${one.name || "image"}`} onClick={() => drop(at)}>Remove</button>
        </li>
      ))}
    </ul>
  );
}

/** Those of a message that was sent; read when they come near what is seen. */
export function Shown({ images, chatId }: { images: Image[] | undefined; chatId: string }) {
  if (!images?.length) return null;
  return <div class="images">{images.map((one) => <Sent key={one.id} image={one} chatId={chatId} />)}</div>;
}

const kept = new Map<string, ImageBitmap>();

function Sent({ image, chatId }: { image: Image; chatId: string }) {
  const [bitmap, setBitmap] = useState(kept.get(image.id));
  useEffect(() => {
    if (!bitmap) void attempt(read(image, chatId)).then((found) => found && setBitmap(found));
  }, [image.id]);
  const label = [image.name, bytes(image.bytes)].filter(Boolean).join(", ");
  return bitmap ? <Picture bitmap={bitmap} label={visible(label)} /> : <p class="notice">{`Image: ${visible(label)}`}</p>;
}

async function read(image: Image, chatId: string): Promise<ImageBitmap | null> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let offset = 0; offset < image.bytes; ) {
    const piece = await call<ItemImageResult>("item/image", { chatId, imageId: image.id, offset });
    const data = Uint8Array.from(atob(piece.data), (letter) => letter.charCodeAt(0));
    if (!data.length) return null;
    pieces.push(data);
    offset += data.length;
  }
  const whole = await createImageBitmap(new Blob(pieces, { type: image.mimeType })).catch(() => null);
  if (!whole) return null;
  const width = Math.min(whole.width, 2 * SHOWN_SIDE);
  const small = await createImageBitmap(whole, { resizeWidth: width, resizeQuality: "high" });
  whole.close();
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(image.id, small);
  return small;
}

function Picture({ bitmap, label }: { bitmap: ImageBitmap; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => draw(canvas.current!, bitmap, SHOWN_SIDE), [bitmap]);
  return <canvas ref={canvas} role="img" aria-label={label} title={label} />;
}
