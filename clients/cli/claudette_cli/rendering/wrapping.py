"""Owns fitting styled lines into a width: broken between words, cut, or set behind an edge."""

from __future__ import annotations

import re

from claudette_cli.terminal.output import columns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudette_cli.terminal.output import Terminal

_PART = re.compile(r"(\x1b\[[\d;]*m)|([^\s\x1b]+)|(\s)")
_STYLE = re.compile(r"\x1b\[[\d;]*m")
_PLAIN = "\x1b[0m"
_LEAST = 8
"""Columns that are left to a text however narrow the terminal is."""


def wrapped(line: str, width: int, *, again: str = "") -> list[str]:
    """The line in pieces of at most so many columns, all but the first behind `again`.

    Nothing is left out: put together without `again` the pieces are the line. Styles go on.
    """
    if columns(_STYLE.sub("", line)) <= width:
        return [line]
    return _Wrapping(max(_LEAST, width), again).pieces(line)


def fitted(lines: list[str], terminal: Terminal, *, again: str = "") -> list[str]:
    """The lines for this terminal; whole where nobody sees where a line ends."""
    if not terminal.interactive:
        return lines
    width = terminal.width - 1
    return [piece for line in lines for piece in wrapped(line, width, again=again)]


def framed(lines: list[str], edge: str, terminal: Terminal) -> list[str]:
    """The lines behind an edge, which each row on the terminal has. A row that goes on is
    marked: it is no line of its own."""
    if not terminal.interactive:
        return [f"{edge} {line}" for line in lines]
    room, again = terminal.width - 3, terminal.paint("↳ ", "dim")
    return [f"{edge} {piece}" for line in lines for piece in wrapped(line, room, again=again)]


def shortened(line: str, width: int) -> str:
    """A styled line, cut to so many columns."""
    if columns(_STYLE.sub("", line)) <= width:
        return line
    return wrapped(line, width - 1)[0] + "…"


class _Wrapping:
    """One line on its way into pieces."""

    def __init__(self, width: int, again: str) -> None:
        self._width = width
        self._again = again
        self._indent = columns(_STYLE.sub("", again))
        self._pieces: list[str] = []
        self._piece = ""
        self._taken = 0
        self._style = ""

    def pieces(self, line: str) -> list[str]:
        for found in _PART.finditer(line):
            style, word, space = found.groups()
            if style:
                self._piece += style
                self._style = "" if style == _PLAIN else self._style + style
            else:
                self._add(word or space)
        return [*self._pieces, self._piece]

    def _add(self, word: str) -> None:
        if self._taken + columns(word) > self._width and self._fits_alone(word):
            self._break()
        for part in self._split(word):
            if self._taken + columns(part) > self._width:
                self._break()
            self._piece += part
            self._taken += columns(part)

    def _fits_alone(self, word: str) -> bool:
        return columns(word) <= self._width - self._indent

    def _split(self, word: str) -> Iterator[str]:
        """A word that no row has room for, character by character."""
        if self._taken + columns(word) <= self._width:
            yield word
        else:
            yield from word

    def _break(self) -> None:
        self._pieces.append(self._piece + (_PLAIN if self._style else ""))
        self._piece = self._again + self._style
        self._taken = self._indent
