// Owns provider errors: whatever came back becomes one plain sentence with its HTTP status.

const MAX_CHARS = 600;
const RUNTIME_HINT = /\s*For more information, pass `verbose: true` in the second argument to fetch\(\)\.?/;
/** Pi looks for these words to know that trying again may help. */
const ANYWAY = /^Connection error: (?=https?:\S+ cannot be reached)/;
const STATUS = /^\s*(?:HTTP\s+)?([1-5]\d\d)\b[\s:,-]*(?:status code)?[\s:(,-]*/i;

export function plainError(raw: string): string {
  const { status, body } = splitStatus(raw);
  const sentence = shorten(onePrefix(oneLine(sentenceIn(body)))) || "The model's provider failed without saying why";
  return status ? `${sentence.replace(/[.\s]+$/, "")} (HTTP ${status})` : sentence;
}

function splitStatus(raw: string): { status: string; body: string } {
  const match = STATUS.exec(raw);
  if (!match) return { status: "", body: raw };
  return { status: match[1] ?? "", body: raw.slice(match[0].length) };
}

function sentenceIn(body: string): string {
  const start = body.search(/[[{]/);
  if (start >= 0) {
    const told = messageIn(parse(body.slice(start))) || messageInPieces(body);
    if (told) return told;
  }
  if (/<(!doctype|html|body|head)\b/i.test(body)) return titleOf(body);
  if (/no body/i.test(body)) return "The model's provider answered with nothing";
  return body.replace(RUNTIME_HINT, "");
}

function parse(text: string): unknown {
  for (const candidate of [text, text.slice(0, text.lastIndexOf("}") + 1)]) {
    try {
      return JSON.parse(candidate);
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Looks where providers put their sentence: error.message, message, detail, errors[0]. */
function messageIn(value: unknown): string {
  if (Array.isArray(value)) return messageIn(value[0]);
  if (value === null || typeof value !== "object") return "";
  const held = value as Record<string, unknown>;
  const upstream = messageIn(parseText((held["metadata"] as Record<string, unknown> | undefined)?.["raw"]));
  if (upstream) return upstream;
  for (const key of ["error", "message", "detail", "error_description", "errors"]) {
    const found = held[key];
    if (typeof found === "string" && found.trim()) return messageIn(parseText(found)) || found;
    const inner = messageIn(found);
    if (inner) return inner;
  }
  return "";
}

/** JSON that was cut off still has its sentence. */
function messageInPieces(text: string): string {
  const found = /"message"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  return found ? String(parse(found)) : "";
}

function parseText(text: unknown): unknown {
  return typeof text === "string" && text.trim().startsWith("{") ? parse(text.trim()) : undefined;
}

function titleOf(html: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(html)?.[1]?.trim();
  return title ? `The model's provider answered with a web page: ${title}` : "The model's provider answered with a web page";
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Each layer that an error goes through may put the same words before it, or say in others what
 * follows anyway. */
function onePrefix(text: string): string {
  return text.replace(/^([^:]{1,60}:\s)\1+/i, "$1").replace(ANYWAY, "");
}

function shorten(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS).toWellFormed()}…`;
}
