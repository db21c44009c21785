"""Owns reading single keys from a terminal that is otherwise only written to."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from claudette_cli.client.connection import Connection

_ESCAPE = b"\x1b"
_LONGEST = 64
"""More characters than any key sends."""


class _Resumed(Exception):
    """A shell that had suspended this job lets it go on."""


class Keys:
    """Keys without Enter and without echo, while it is entered. Ctrl-C still interrupts.

    `resumed` is called where a key is waited for when a shell has suspended this job and lets it
    go on: what it had asked stands far above then.
    """

    def __init__(self) -> None:
        self._descriptor = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._descriptor)
        self.resumed: Callable[[], None] = lambda: None
        self._waits = False

    def __enter__(self) -> Keys:
        tty.setcbreak(self._descriptor)
        # A shell that suspended this job sets the terminal as it wants it itself.
        self._continued = signal.signal(signal.SIGCONT, self._resume)
        return self

    def _resume(self, _: int, __: FrameType | None) -> None:
        # What was typed since the shell let go of the terminal is forgotten: kept, it would be read
        # with a later key only.
        tty.setcbreak(self._descriptor)
        if self._waits:
            raise _Resumed

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGCONT, self._continued)
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)

    def pressed_before(self, connection: Connection) -> str:
        """The key pressed before the daemon says something; empty when the daemon was first."""
        if connection.pending:
            return ""
        ready = self._ready(self._descriptor, connection.fileno())
        return self._read() if self._descriptor in ready else ""

    def pressed(self) -> str:
        """Waits for a key."""
        self._ready(self._descriptor)
        return self._read()

    def _ready(self, *sources: int) -> list[int]:
        """Waits until some can be read: which."""
        while True:
            try:
                self._waits = True
                return select.select(sources, [], [])[0]
            except _Resumed:
                self._waits = False
                self.resumed()
            finally:
                self._waits = False

    def discard(self) -> None:
        """Forgets what was typed before it could be meant as an answer."""
        termios.tcflush(self._descriptor, termios.TCIFLUSH)

    def line(self, prompt: str) -> str:
        """A whole line, with echo; empty when it is given up with Ctrl-D."""
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, self._before)
        try:
            return input(prompt).strip()
        except EOFError:
            return ""
        finally:
            tty.setcbreak(self._descriptor)

    def _read(self) -> str:
        """One key. What was pressed after it waits; an arrow or the like is several characters,
        whose last one is no key of its own."""
        key = os.read(self._descriptor, 1)
        if key == _ESCAPE and select.select([self._descriptor], [], [], 0)[0]:
            os.read(self._descriptor, _LONGEST)
        return key.decode(errors="replace")
