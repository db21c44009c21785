"""Owns what a person types before a screen is there to take it."""

from __future__ import annotations

import fcntl
import os
import sys
import termios

from claudette_cli.terminal import background
from claudette_cli.terminal.output import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_LOCAL = 3


class Early:
    """A context: inside it the terminal keeps what is typed, with Enter as Enter and without an
    echo. Ctrl-C still interrupts.

    On a terminal in its usual mode the lines typed meanwhile would be echoed between what is
    printed, and each Enter would become a line end inside one message.
    """

    def __init__(self) -> None:
        self._descriptor = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._descriptor)
        self._typed = b""

    def __enter__(self) -> Self:
        modes = termios.tcgetattr(self._descriptor)
        modes[0] &= ~termios.ICRNL
        modes[_LOCAL] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(self._descriptor, termios.TCSANOW, modes)
        # What came before was read in lines, so that its Enters are line ends by now.
        if waiting := self._waiting():
            self._typed = os.read(self._descriptor, waiting).replace(b"\n", b"\r")
        background.ask(output())
        return self

    def __exit__(self, *_: object) -> None:
        termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)

    def typed(self) -> str:
        """What was typed until now; what comes after it, the terminal holds."""
        if waiting := self._waiting():
            self._typed += os.read(self._descriptor, waiting)
        typed, self._typed = self._typed, b""
        return background.without_answer(typed.decode(errors="ignore"))

    def _waiting(self) -> int:
        """How many bytes can be read at once."""
        count = fcntl.ioctl(self._descriptor, termios.FIONREAD, b"\0" * 4)
        return int.from_bytes(count, sys.byteorder)
