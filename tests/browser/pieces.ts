// Checks how the page cuts a long text: whole, between blocks alone, and the same while it grows.

import { deepStrictEqual, ok } from "node:assert/strict";

import { pieces } from "../../clients/web/src/pieces.ts";

const paragraph = `${"Words of a paragraph. ".repeat(10)}\n\n`;
const code = `\`\`\`python\n${"print()\n\n".repeat(400)}\`\`\`\n\n`;
const text = paragraph.repeat(20) + code + paragraph.repeat(30);
const whole = pieces(text);

deepStrictEqual(whole.join(""), text);
ok(whole.length > 4);
// No block of code is cut, though it is longer than a piece and has empty lines.
for (const piece of whole) ok((piece.match(/```/g) ?? []).length % 2 === 0);
for (let end = 0; end <= text.length; end += 97) {
  const grown = pieces(text.slice(0, end));
  deepStrictEqual(grown.slice(0, -1), whole.slice(0, grown.length - 1));
}
deepStrictEqual(pieces(""), [""]);
