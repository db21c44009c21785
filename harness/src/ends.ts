// Owns what two texts begin and end with in common, found without looking at their lines: most changes
// are small.

/** Both texts without the lines that they begin and end with in common, but for so many as are shown
 * around a change. `skipped` lines were before. */
export function withoutCommonEnds(
  before: string,
  after: string,
  context: number,
): { before: string; after: string; skipped: number } {
  const most = Math.min(before.length, after.length);
  const head = commonLength(most, (at, size) => before.slice(at, at + size) === after.slice(at, at + size));
  const [aEnd, bEnd] = [before.length, after.length];
  const tail = commonLength(most - head, (at, size) => {
    return before.slice(aEnd - at - size, aEnd - at) === after.slice(bEnd - at - size, bEnd - at);
  });
  const start = backLines(before, head, context);
  const kept = tail - (onLines(before, aEnd - tail, context + 1) - (aEnd - tail));
  return { before: before.slice(start, aEnd - kept), after: after.slice(start, bEnd - kept), skipped: countLines(before, start) };
}

/** How far two texts are equal, asked in pieces that grow and then shrink. */
function commonLength(most: number, equal: (at: number, size: number) => boolean): number {
  let at = 0;
  for (let size = 64; size > 0; ) {
    if (at + size <= most && equal(at, size)) {
      at += size;
      size *= 2;
    } else size = size > most - at ? most - at : size >> 1;
  }
  return at;
}

/** Where the line begins that is so many lines before the one at a place. */
function backLines(text: string, at: number, lines: number): number {
  let start = at;
  for (let nth = 0; nth <= lines && start > 0; nth += 1) start = text.lastIndexOf("\n", nth === 0 ? start - 1 : start - 2) + 1;
  return start;
}

/** Where so many lines have ended after a place. */
export function onLines(text: string, at: number, lines: number): number {
  let end = at;
  for (let nth = 0; nth < lines && end < text.length; nth += 1) {
    const next = text.indexOf("\n", end);
    end = next < 0 ? text.length : next + 1;
  }
  return end;
}

function countLines(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
