// Owns cutting markdown into pieces that can be drawn each by itself. No I/O.

const SHORTEST = 2048;
const FENCE = /^ {0,3}(?:```|~~~)/;

/** Cut at empty lines outside of blocks of code. What is added to the text changes the last alone. */
export function pieces(text: string): string[] {
  const cut: string[] = [];
  let start = 0;
  let inFence = false;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    if (end < 0) break;
    if (FENCE.test(text.slice(from, Math.min(end, from + 6)))) inFence = !inFence;
    from = end + 1;
    if (!inFence && text[from] === "\n" && from - start >= SHORTEST) {
      cut.push(text.slice(start, from));
      start = from;
    }
  }
  return [...cut, text.slice(start)];
}
