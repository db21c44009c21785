"""Owns how a terminal in the background says that its chat needs a person."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

from claudette_cli.terminal.output import clip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from prompt_toolkit.output import Output

    from claudette_cli.attach.picture import Picture

SETTING = "terminal_alert"
_LONG_SECONDS = 10.0
_ROOM = 120
_MUTE = (None, "", "dumb", "linux")
"""Terminals that have neither titles nor notifications, and may show what asks for them."""
_SAVE, _RESTORE = "\x1b[22;0t", "\x1b[23;0t"
"""The title; a terminal without a memory for it does nothing."""


class Alerts:
    """Writes them to the terminal of one seat."""

    def __init__(self, output: Output) -> None:
        self.kind = "bell"
        """What the setting says."""
        self._output = output
        self._title = ""
        self._running_since = 0.0
        self._mute = os.environ.get("TERM") in _MUTE

    @contextmanager
    def titled(self) -> Iterator[None]:
        """Inside, the window's title is the chat's; then it is what it was."""
        self._write(_SAVE)
        try:
            yield
        finally:
            self._write(_RESTORE)

    def take(self, before: Picture | None, after: Picture) -> None:
        if after.running and not (before and before.running):
            self._running_since = time.monotonic()
        told = due(before, after, time.monotonic() - self._running_since)
        title = window_title(after)
        if title != self._title:
            self._title = title
            self._write(f"\x1b]2;{title}\a")
        if told:
            self._write(sequence(self.kind, after.title, told))

    def _write(self, text: str) -> None:
        if not self._mute:
            self._output.write_raw(text)
            self._output.flush()


def due(before: Picture | None, after: Picture, lasted: float) -> str:
    """What a person is to be told now; empty for nothing. `lasted` is how long the turn has run:
    the end of a short one was watched."""
    if before is None:
        return ""
    asked = after.permission["id"] if after.permission else ""
    if asked and asked != (before.permission["id"] if before.permission else ""):
        return after.question
    question = after.asked["id"] if after.asked else ""
    if question and question != (before.asked["id"] if before.asked else ""):
        return "asks something"
    if before.running and not after.running and lasted >= _LONG_SECONDS:
        return "the turn has ended"
    return ""


def sequence(kind: str, title: str, text: str) -> str:
    """What makes a terminal tell it: a bell, or a notification as OSC 9 or 777 has them. Pure."""
    said = f"{clip(title, _ROOM)}: {clip(text, _ROOM)}" if title else clip(text, _ROOM)
    return {
        "bell": "\a",
        "osc9": f"\x1b]9;{said}\a",
        "osc777": f"\x1b]777;notify;claudette;{said.replace(';', ',')}\a",
    }.get(kind, "")


def window_title(picture: Picture) -> str:
    """What the terminal's window is called meanwhile."""
    needs = "! " if picture.permission or picture.asked else ""
    works = "… " if picture.running and not needs else ""
    return f"{needs}{works}{clip(picture.title or 'claudette', 60)}"
