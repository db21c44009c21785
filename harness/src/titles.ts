// Owns the one line that tells a person what a tool call is about.

const MAX_CHARS = 200;
const FIELDS = ["command", "path", "file_path", "pattern", "url", "query", "name"];

export function titleOf(input: unknown): string {
  if (input === null || typeof input !== "object") return "";
  const held = input as Record<string, unknown>;
  const parts = [held["pattern"], held["path"]].filter((part) => typeof part === "string" && part);
  if (typeof held["pattern"] === "string") return shorten(parts.join(" in "));
  for (const field of FIELDS) {
    const value = held[field];
    if (typeof value === "string" && value.trim()) return shorten(value);
  }
  return "";
}

function shorten(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  const more = line.length < text.trim().length || line.length > MAX_CHARS;
  return `${line.slice(0, MAX_CHARS).toWellFormed()}${more ? " …" : ""}`;
}
