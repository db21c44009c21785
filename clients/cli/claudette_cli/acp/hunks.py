"""Owns reading a unified diff as editors want a change: the old and the new text, by file. Pure."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Json = dict[str, Any]

_HEADER = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def of(unified: str) -> list[Json]:
    """One `diff` content a file, since many editors show only the first of a card. Where lines
    between two hunks are left out, both texts have the header of the second instead. A hunk that
    was cut has the lines that are left of it."""
    found: dict[str, Json] = {}
    lines = iter(re.findall(r".*\n|.+", unified))
    path = ""
    for line in lines:
        if line.startswith("+++ "):
            path = line[4:].rstrip("\n").partition("\t")[0]
        elif header := _HEADER.match(line):
            old, new = _hunk(lines, *map(_count, header.groups()))
            if path in found:
                left_out = header.group() + "\n"
                old = f"{found[path]['oldText'] or ''}{left_out}{old}"
                new = f"{found[path]['newText']}{left_out}{new}"
            found[path] = {"type": "diff", "path": path, "oldText": old or None, "newText": new}
    return list(found.values())


def _count(number: str | None) -> int:
    return 1 if number is None else int(number)


def _hunk(lines: Iterator[str], old_left: int, new_left: int) -> tuple[str, str]:
    """Counts its lines, since those of a file may look like those of a diff."""
    old: list[str] = []
    new: list[str] = []
    while old_left > 0 or new_left > 0:
        line = next(lines, None)
        if line is None:
            break
        if line[0] == "\\":
            continue
        if line[0] in " -":
            old.append(line[1:])
            old_left -= 1
        if line[0] in " +":
            new.append(line[1:])
            new_left -= 1
    return "".join(old), "".join(new)
