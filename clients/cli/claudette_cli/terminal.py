"""Owns what may be written to a terminal: colour or none, its width, and nothing that misleads."""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}
_REORDERING = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_KEPT = {ord("\n"): "\n", ord("\t"): "    "}
_SHOWN = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in _KEPT
} | {ord(mark): f"\\u{ord(mark):04x}" for mark in _REORDERING}
_PLAIN = _KEPT | dict.fromkeys(_SHOWN, "")


def exact(text: str) -> str:
    """What a person decides on: every control or reordering character made visible."""
    return text.translate(_SHOWN | _KEPT)


def harmless(text: str) -> str:
    """Prose and output: without what would move the cursor, colour or reorder the line."""
    return text.replace("\r\n", "\n").translate(_PLAIN)


class Terminal:
    """One output stream, which may be a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.interactive = stream.isatty()
        self.colour = self.interactive and _colour_wanted()
        self.draws_blocks = (stream.encoding or "").lower().replace("-", "") == "utf8"

    @property
    def width(self) -> int:
        if not self.interactive:
            return 80
        try:
            return max(20, os.get_terminal_size(self._stream.fileno()).columns)
        except OSError:
            return 80

    def room(self, taken: int) -> int:
        """Columns for a field beside others; in a pipe nothing needs to be cut."""
        return max(20, self.width - taken) if self.interactive else 100_000

    def paint(self, text: str, *styles: str) -> str:
        """The text in a style, or as it is where there is no colour."""
        if not self.colour or not styles or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"

    def say(self, text: str = "") -> None:
        self._stream.write(text + "\n")
        self._stream.flush()

    def write(self, text: str) -> None:
        """Without a line end."""
        self._stream.write(text)
        self._stream.flush()

    def json(self, value: Any) -> None:
        """For scripts: one JSON value on one line."""
        self.say(json.dumps(value, ensure_ascii=False))


def output() -> Terminal:
    return Terminal(sys.stdout)


def errors() -> Terminal:
    return Terminal(sys.stderr)


def attended() -> bool:
    """Whether a person sits here, who can read and type."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def clip(text: str, width: int) -> str:
    """The first line of the text, cut to the width."""
    return cut(harmless(text).strip().split("\n", 1)[0], width)


def cut(line: str, width: int) -> str:
    """The line, cut to the width."""
    return line if len(line) <= width else line[: max(0, width - 1)] + "…"


def _colour_wanted() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
