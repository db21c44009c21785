"""Owns what stands for our signs where the encoding of the output lacks them."""

from __future__ import annotations

import codecs
import sys

from claudette_cli.terminal.invisible import escaped
from claudetted.wire import streams

_STAND_INS = {
    "…": "...",
    "·": "-",
    "─": "-",
    "━": "=",
    "│": "|",
    "┃": "|",
    "▌": "|",
    "▸": ">",
    "▶": ">",
    "→": "->",
    "↳": "->",
    "↑": "^",
    "↓": "v",
    "↺": "~",
    "≈": "~",
    "∴": "*",
    "•": "*",
    "●": "*",
    "○": "o",
    "■": "#",
    "▰": "#",
    "▱": "-",
    "✓": "+",
    "✗": "x",
    "⚠": "!",
    "⏎": "\\n",
    "☐": "[ ]",
    "☑": "[x]",
    "“": '"',
    "”": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u2013": "-",
    "\u2014": "--",
}
_HANDLER = "claudette.signs"
_encoding = ""
"""Of the output, where it lacks some of them."""


def prepare() -> None:
    """For the standard streams, whatever is written to them."""
    global _encoding
    codecs.register_error(_HANDLER, _stood_in)
    streams.prepare(_HANDLER)
    _encoding = sys.stdout.encoding if sys.stdout.errors == _HANDLER else ""


def are_missing() -> bool:
    return bool(_encoding)


def written(text: str) -> str:
    """As it comes out of the output."""
    if not _encoding or text.isascii():
        return text
    return text.encode(_encoding, _HANDLER).decode(_encoding)


def is_missing(mark: str) -> bool:
    """Whether the output cannot take a character as it is."""
    return bool(_encoding) and written(mark) != mark


def _stood_in(fault: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: a character that is none of our signs is written as Python
    escapes it."""
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    lacking = fault.object[fault.start : fault.end]
    return "".join(_STAND_INS.get(mark) or escaped(mark) for mark in lacking), fault.end
