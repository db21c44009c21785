// Owns what an agent wrote as HTML: markdown, cleaned, without pictures and anything that runs.

import DOMPurify from "dompurify";
import { Marked } from "marked";
import { memo } from "preact/compat";
import { highlight, type LanguageName } from "sugar-high";
import { lang as languageOf } from "sugar-high/lang";

import { pieces } from "./pieces.ts";

const marked = new Marked({
  gfm: true,
  breaks: false,
  renderer: {
    // A picture would be fetched from wherever the agent says; its address is shown instead.
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || href)}</a>`,
    code: ({ text, lang }) => {
      const language = languageOf(lang?.split(" ")[0] ?? "");
      const shown = language ? coloured(text, language) : escaped(text);
      return `<pre><code>${shown}</code></pre>`;
    },
    html: ({ text }) => escaped(text),
  },
});

const TAGS = [
  "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "input",
  "li", "ol", "p", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
];

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
  // What scrolls by itself is reached by keyboards, too.
  if (node.tagName === "PRE" || node.tagName === "TABLE") node.setAttribute("tabindex", "0");
  if (node.tagName === "INPUT") node.setAttribute("disabled", "");
});

DOMPurify.setConfig({
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ["href", "class", "type", "checked", "start", "align"],
  ADD_URI_SAFE_ATTR: ["type", "checked", "start", "align"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
});

export function clean(text: string): string {
  return DOMPurify.sanitize(marked.parse(text, { async: false }));
}

/** By classes alone: the page allows no inline style. Quotes in the text are escaped by now. */
function coloured(text: string, lang: LanguageName): string {
  return highlight(text, { lang }).replace(/ style="[^"]*"/g, "");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

const LONG = 16 * 1024;

/** Of a text that grows, and of a long one, only the last piece is drawn anew. */
export function Prose({ text, grows }: { text: string; grows: boolean }) {
  const drawn = grows || text.length >= LONG ? pieces(text) : [text];
  return <>{drawn.map((piece, number) => <Markdown key={number} text={piece} />)}</>;
}

const Markdown = memo(function Markdown({ text }: { text: string }) {
  return <div class="prose" dangerouslySetInnerHTML={{ __html: clean(text) }} />;
});
