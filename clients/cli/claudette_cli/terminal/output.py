"""Owns what may be written to a terminal: colour or none, its width, and nothing that misleads."""

from __future__ import annotations

import json
import os
import re
import sys

from claudette_cli.terminal import signs
from claudette_cli.terminal.invisible import escaped, is_hiding, is_invisible
from claudetted.wire import streams

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
_MORE = "…"
_KEPT = {ord("\n"): "\n", ord("\t"): "    "}
_CONTROLS = {code: escaped(chr(code)) for code in (*range(32), *range(127, 160))}
_IN_A_LINE = _CONTROLS | {ord("\n"): "\\n", ord("\t"): "\\t"}
_DROPPED = dict.fromkeys(_CONTROLS, "") | _KEPT
# Patterns are compiled at their first use, which most short commands never come to.
_SEQUENCE = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # what a terminal is told: colours, movements, modes
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # strings
    r"|\x1b[ -/]*[0-~]"
)
_COLOUR = r"\x1b\[([\d;]*)m"
_COLOURS = {
    "1",
    "3",
    "4",
    "9",
    "22",
    "23",
    "24",
    "29",
    *["31", "32", "33", "34", "35", "36", "39"],
} | {str(bright) for bright in range(90, 97)}
"""What output may look like: nothing that hides it, such as black on black."""
_OURS = r"\x1b\[(?:(?:[34]8;5;\d{1,3}|[0-4]|9|2[1-9]|[349]\d|10[0-7]);?)*m"
_MISLEADING = [
    *(code for code in _CONTROLS if chr(code) not in "\t\n"),
    *(0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)),
]
_ESCAPED_LAST = {code: escaped(chr(code)) for code in _MISLEADING}
_ESCAPED_IN_JSON = {code: f"\\u{code:04x}" for code in _MISLEADING}


def exact(text: str) -> str:
    """What a person decides on: every character that cannot be seen is made visible."""
    shown = text.translate(_CONTROLS | _KEPT)
    return shown if shown.isascii() else _visible(shown)


def line(text: str) -> str:
    """A name, path or title among others: as `exact`, and without a line end of its own."""
    shown = text.translate(_IN_A_LINE)
    return shown if shown.isascii() else _visible(shown)


def harmless(text: str) -> str:
    """Prose and output: without what would move the cursor, colour, hide or reorder the line."""
    if "\x1b" in text or not text.isascii():
        text = re.sub(_SEQUENCE, "", text)
    shown = text.replace("\r\n", "\n").translate(_DROPPED)
    if shown.isascii():
        return shown
    hiding = {ord(mark): None for mark in set(shown) if is_hiding(mark)}
    return shown.translate(hiding) if hiding else shown


def coloured(text: str) -> str:
    """Output with its colours and nothing else of what it tells a terminal; each line ends
    plain."""
    lines, style = [], ""
    for part in text.replace("\r\n", "\n").split("\n"):
        shown, at = style, 0
        for found in re.finditer(_COLOUR, part):
            shown += harmless(part[at : found.start()])
            at = found.end()
            style = _style(style, found[1])
            shown += f"\x1b[0m{style}"
        shown += harmless(part[at:])
        lines.append(f"{shown}\x1b[0m" if "\x1b" in shown else shown)
    return "\n".join(lines)


def _style(before: str, codes: str) -> str:
    """The style after this change of it. Colours beyond the usual ones are left out."""
    asked = codes.split(";")
    if asked[0] in ("38", "48"):
        return before
    kept = [code for code in asked if code in _COLOURS]
    reset = any(code in ("", "0", "00") for code in asked)
    return ("" if reset else before) + (f"\x1b[{';'.join(kept)}m" if kept else "")


def _visible(text: str) -> str:
    """Also what the output lacks is escaped: a stand-in could be taken for what it is not."""
    unseen = {
        ord(mark): escaped(mark)
        for mark in set(text)
        if (is_invisible(mark) and mark != "\n") or signs.is_missing(mark)
    }
    return text.translate(unseen) if unseen else text


class Terminal:
    """One output stream, which may be a terminal."""

    light = False
    """Whether its background is; a process has but one terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.interactive = stream.isatty()
        self.colour = self.interactive and _colour_wanted()
        self.shades = self.colour and _shades_known()
        """Whether it has more colours than the usual ones."""
        self.draws_blocks = streams.is_utf8(stream.encoding)

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

    def guarded(self, text: str) -> str:
        """The last filter before the terminal: of what it obeys only our own styles are left,
        whoever forgot to make a text harmless."""
        if not self.colour or "\x1b" not in text:
            return text.translate(_ESCAPED_LAST)
        parts = re.split(f"({_OURS})", text)
        parts[::2] = [part.translate(_ESCAPED_LAST) for part in parts[::2]]
        return "".join(parts)

    def say(self, text: str = "") -> None:
        self.draw(self.guarded(text) + "\n")

    def write(self, text: str) -> None:
        """Without a line end."""
        self.draw(self.guarded(text))

    def draw(self, text: str) -> None:
        """As it is: for whoever moves the cursor and has guarded the rest."""
        self._stream.write(text)
        self._stream.flush()

    def json(self, value: Any) -> None:
        """For scripts: one JSON value on one line, on a terminal as harmless as any other."""
        text = json.dumps(value, ensure_ascii=signs.are_missing())
        self.draw(text.translate(_ESCAPED_IN_JSON) + "\n")


def output() -> Terminal:
    return Terminal(sys.stdout)


class _Errors(Terminal):
    """Stderr, which may be unable to take anything: that is no reason to fail."""

    def draw(self, text: str) -> None:
        try:
            super().draw(text)
        except OSError:
            streams.flush_errors()


def errors() -> Terminal:
    return _Errors(sys.stderr)


def screen_rows() -> int:
    try:
        return os.get_terminal_size().lines
    except OSError:
        return 24


def attended() -> bool:
    """Whether a person sits here, who can read and type."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def clip(text: str, width: int) -> str:
    """The first line of the text, cut to the width."""
    return cut(harmless(text).strip().split("\n", 1)[0], width)


def cut(text: str, width: int) -> str:
    """The line, cut to so many columns."""
    if columns(text) <= width:
        return text
    kept, room = "", width - columns(_MORE)
    for mark in text:
        room -= columns(mark)
        if room < 0:
            break
        kept += mark
    return kept + _MORE


def cut_before(text: str, width: int) -> str:
    """The line without its beginning, where the end says more; empty without room for it."""
    if columns(text) <= width:
        return text
    while text and columns(text) > width - columns(_MORE):
        text = text[1:]
    return f"{_MORE}{text}" if text else ""


def padded(text: str, width: int) -> str:
    """The line in a field of so many columns, cut to it or filled up."""
    shown = cut(text, width)
    return shown + " " * (width - columns(shown))


def columns(text: str) -> int:
    """How wide a text without styles is on a terminal."""
    shown = signs.written(text)
    if shown.isascii():
        return len(shown)
    from wcwidth import wcwidth

    return sum(max(0, wcwidth(mark)) for mark in shown)


def _colour_wanted() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _shades_known() -> bool:
    told = os.environ.get("COLORTERM", "")
    return "256color" in os.environ.get("TERM", "") or told in ("truecolor", "24bit")
