"""Owns whether the terminal's background is light: told by the environment, or by the terminal.

It is asked while the rest is loaded, and nobody waits for it: an answer that comes late is taken
out of what is typed.
"""

from __future__ import annotations

import os
import re

from claudette_cli.terminal.output import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_QUESTION = "\x1b]11;?\x1b\\"
_ANSWER = re.compile(
    r"\x1b\]11;rgba?:([\da-fA-F]+)/([\da-fA-F]+)/([\da-fA-F]+)[^\x07\x1b]*(?:\x07|\x1b\\)"
)
_BEGUN = re.compile(r"\x1b\](?:1(?:1(?:;[^\x07\x1b]*\x1b?)?)?)?$")
_MUTE = (None, "", "dumb", "linux")
_LIGHT_COLOURS = {"7", *map(str, range(9, 16))}


def ask(terminal: Terminal) -> None:
    """Unless it is known, or the colours are the same anyway."""
    known = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    if known:
        Terminal.light = known in _LIGHT_COLOURS
    elif terminal.shades and os.environ.get("TERM") not in _MUTE:
        terminal.draw(_QUESTION)


def without_answer(text: str) -> str:
    """What was typed; the answer is taken."""
    for found in _ANSWER.finditer(text):
        parts = [int(part, 16) / (16 ** len(part) - 1) for part in found.groups()]
        Terminal.light = 0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2] > 0.5
    return _ANSWER.sub("", text)


def filtered(read: Callable[..., str]) -> Callable[..., str]:
    """The same source of keys, without an answer among them. One that came in part is held back
    until the rest is there."""
    held = ""

    def reading(*count: int) -> str:
        nonlocal held
        text, held = without_answer(held + read(*count)), ""
        if begun := _BEGUN.search(text):
            text, held = text[: begun.start()], begun[0]
        return text

    return reading
