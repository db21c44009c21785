"""Owns how a unified diff looks: what was added and removed, what of a line is another, and the
code as its language has it. Nothing is left out or put in, because a person may be deciding on it.
"""

from __future__ import annotations

import itertools
import re

from claudette_cli.terminal.output import exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from claudette_cli.terminal.output import Terminal

    Span = tuple[int, int, str]
    """From, to, and the style between them."""

CODE_LINES = 600
"""Of a longer diff the lines are coloured and the code is not read."""
_ALIKE = 0.6
"""Less of two lines in common is another line, not a changed one."""
_COMPARED = 400
"""Pairs of lines; a larger block is a new one."""
_WORDS = re.compile(r"\w+|\s+|.")
_LONGEST = 400
_PLAIN = "\x1b[0m"
_BASIC = {"+": "32", "-": "31", "@": "36", "+!": "1;4;32", "-!": "1;4;31"}
_DARK = {"+": "48;5;22", "-": "48;5;52", "@": "36", "+!": "48;5;28", "-!": "48;5;88"}
_LIGHT = {"+": "48;5;194", "-": "48;5;224", "@": "36", "+!": "48;5;157", "-!": "48;5;217"}
_CODE = {
    "Keyword": ("95", "35"),
    "Name.Function": ("94", "34"),
    "Name.Class": ("94", "34"),
    "Name.Builtin": ("96", "36"),
    "Literal.String": ("93", "33"),
    "Literal.Number": ("96", "36"),
    "Comment": ("3", "3"),
}
"""On a dark background, and on a light one."""


def painted(diff: str, terminal: Terminal) -> list[str]:
    """Its lines. Without colours as they are."""
    lines = exact(diff.rstrip("\n")).split("\n")
    if not terminal.colour:
        return lines
    styles = _BASIC if not terminal.shades else _LIGHT if terminal.light else _DARK
    names = _names(lines)
    code = _code_spans(lines, names, light=terminal.light) if terminal.shades else {}
    changed = dict(_changed_spans(lines, names))
    return [
        f"\x1b[1m{line}{_PLAIN}"
        if at in names
        else _line(line, styles, [*code.get(at, []), *changed.get(at, [])])
        for at, line in enumerate(lines)
    ]


def _names(lines: Sequence[str]) -> set[int]:
    """The pairs of lines that name a file: one that was removed may look like the first of one."""
    return {
        at
        for first, (old, new) in enumerate(itertools.pairwise(lines))
        if old.startswith("--- ") and new.startswith("+++ ")
        for at in (first, first + 1)
    }


def _line(line: str, styles: dict[str, str], spans: list[Span]) -> str:
    """The line in the style of its kind, and each span in its own over it."""
    whole = styles.get(line[:1], "")
    if not whole and not spans:
        return line
    marks = sorted({0, len(line), *(at for begin, end, _ in spans for at in (begin, end))})
    shown = ""
    for begin, end in itertools.pairwise(marks):
        inside = [style for first, last, style in spans if first <= begin and end <= last]
        named = [styles.get(style, style) for style in inside]
        codes = ";".join(filter(None, [whole, *named]))
        shown += f"\x1b[{codes}m{line[begin:end]}{_PLAIN}" if codes else line[begin:end]
    return shown


def _changed_spans(lines: Sequence[str], names: set[int]) -> Iterator[tuple[int, list[Span]]]:
    """What is another in a line that took the place of one: of those that follow a removed line
    the first that is alike."""
    for removed, added in _blocks(lines, names):
        if len(removed) * len(added) > _COMPARED:
            continue
        for old in removed:
            for new in added:
                spans = _differences(lines[old][1:], lines[new][1:])
                if spans is not None:
                    yield old, [(begin + 1, end + 1, "-!") for begin, end in spans[0]]
                    yield new, [(begin + 1, end + 1, "+!") for begin, end in spans[1]]
                    added = added[added.index(new) + 1 :]
                    break


def _blocks(lines: Sequence[str], names: set[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Lines that were removed, and those that follow them in their place."""
    removed: list[int] = []
    added: list[int] = []
    for at, line in enumerate([*lines, " "]):
        kind = "" if at in names else line[:1]
        if kind == "-" and not added:
            removed.append(at)
        elif kind == "+" and removed:
            added.append(at)
        else:
            if removed and added:
                yield removed, added
            removed, added = ([at] if kind == "-" else []), []


def _differences(old: str, new: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]] | None:
    """Where each is another, by words; None where they have little in common."""
    from difflib import SequenceMatcher

    if max(len(old), len(new)) > _LONGEST:
        return None
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return None
    places = [0], [0]
    for words, starts in ((before, places[0]), (after, places[1])):
        for word in words:
            starts.append(starts[-1] + len(word))
    gone, come = [], []
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        if what != "equal":
            gone += [(places[0][i1], places[0][i2])] * (i1 < i2)
            come += [(places[1][j1], places[1][j2])] * (j1 < j2)
    return gone, come


def _code_spans(lines: Sequence[str], names: set[int], *, light: bool) -> dict[int, list[Span]]:
    """The colours of the code, by the language that the name of the file tells."""
    found: dict[int, list[Span]] = {}
    if len(lines) > CODE_LINES:
        return found
    lexer: Any = None
    hunk: list[int] = []
    for at, line in enumerate([*lines, "@@"]):
        if at in names or line.startswith("@@"):
            if lexer is not None:
                for side in ("-", "+"):
                    rows = [row for row in hunk if lines[row][:1] in (side, " ")]
                    found |= _lexed(lexer, [(row, lines[row][1:]) for row in rows], light=light)
            hunk = []
            if at in names and not line.endswith("/dev/null"):
                lexer = _lexer(line[4:])
        else:
            hunk.append(at)
    return found


def _lexer(name: str) -> Any:
    """None for a file of no language that is known."""
    # Imported here: only a diff pays for it.
    try:
        from pygments.lexers import get_lexer_for_filename
        from pygments.util import ClassNotFound
    except ImportError:
        return None  # another installation has replaced this one meanwhile

    try:
        return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _lexed(lexer: Any, rows: list[tuple[int, str]], *, light: bool) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = {}
    at, column = 0, 1
    for kind, text in lexer.get_tokens("\n".join(text for _, text in rows)):
        style = _style(kind, light=light)
        for number, piece in enumerate(text.split("\n")):
            if number:
                at, column = at + 1, 1
            if piece and style and at < len(rows):
                spans = found.setdefault(rows[at][0], [])
                spans.append((column, column + len(piece), style))
            column += len(piece)
    return found


def _style(kind: Any, *, light: bool) -> str:
    name = ".".join(kind)
    return next((both[light] for begin, both in _CODE.items() if name.startswith(begin)), "")
