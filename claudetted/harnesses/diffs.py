"""Owns unified diffs of what a call would make of a file, quick also for long files. Pure."""

import re
from collections.abc import Iterator

CONTEXT = 3
MOST_COMPARED = 4000
"""Changed lines on either side. Longer changes are shown as one replacement."""
_HUNK = re.compile(r"@@ -(\d+)(,\d+)? \+(\d+)(,\d+)? @@")


def unified(old: str, new: str, path: str) -> str:
    """Empty when nothing changes. A line without its end says so."""
    if old == new:
        return ""
    before, after = _lines(old), _lines(new)
    skipped = _alike(before, after)
    left = _alike(before[skipped:][::-1], after[skipped:][::-1])
    start = max(0, skipped - CONTEXT)
    stop = max(0, left - CONTEXT)
    pieces = before[start : len(before) - stop], after[start : len(after) - stop]
    name = path.lstrip("/")
    header = [f"--- {'a/' + name if old else '/dev/null'}\n", f"+++ b/{name}\n"]
    return "".join([*header, *_hunks(*pieces, start)])


def _hunks(before: list[str], after: list[str], start: int) -> Iterator[str]:
    if max(len(before), len(after)) > MOST_COMPARED:
        yield f"@@ -{start + 1},{len(before)} +{start + 1},{len(after)} @@\n"
        yield from (f"-{line}" for line in before)
        yield from (f"+{line}" for line in after)
        return
    import difflib  # Not every agent changes files.

    for line in list(difflib.unified_diff(before, after, n=CONTEXT))[2:]:
        yield _HUNK.sub(lambda found: _moved(found, start), line) if line[0] == "@" else line


def _moved(found: re.Match[str], by: int) -> str:
    old, old_count, new, new_count = found.groups()
    return f"@@ -{int(old) + by}{old_count or ''} +{int(new) + by}{new_count or ''} @@"


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    last = lines.pop()
    ended = [f"{line}\n" for line in lines]
    return [*ended, f"{last}\n\\ No newline at end of file\n"] if last else ended


def _alike(one: list[str], other: list[str]) -> int:
    """How many lines both begin with."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count
