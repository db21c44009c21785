"""Owns what a person types before a screen is there to take it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import sys
import termios

from claudette_cli.terminal import background
from claudette_cli.terminal.output import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_READ, _LOCAL, _CHARACTERS = 0, 3, 6
_PIECE = 4096
_REST_SECONDS = 0.2
"""How long the rest of a key is waited for that came in part."""
_CUT = re.compile(
    rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2}"
    rb"|\x1b\[[\d;]*|\x1b\][^\x07\x1b]*\x1b?)$"
)
"""The beginning of a character, of a key or of an answer of the terminal."""


class Early:
    """A context: inside it the terminal keeps what is typed, with Enter as Enter and without an
    echo. Ctrl-C still interrupts.

    On a terminal in its usual mode the lines typed meanwhile would be echoed between what is
    printed, and each Enter would become a line end inside one message.
    """

    def __init__(self) -> None:
        self.descriptor = sys.stdin.fileno()
        self._before = termios.tcgetattr(self.descriptor)
        self._typed: list[bytes] = []

    def __enter__(self) -> Self:
        self.interruptible()
        # What came before was read in lines, so that its Enters are line ends by now.
        if waiting := self._waiting():
            self._typed = [os.read(self.descriptor, waiting).replace(b"\n", b"\r")]
        background.ask(output())
        return self

    def __exit__(self, *_: object) -> None:
        termios.tcsetattr(self.descriptor, termios.TCSANOW, self._before)

    def interruptible(self) -> None:
        """Ctrl-C and Ctrl-Z are signals."""
        self._set(termios.ICRNL, termios.ICANON | termios.ECHO)

    def keep_every_key(self) -> None:
        """Also those that would be signals, as the screen has it."""
        translated = termios.ICRNL | termios.INLCR | termios.IGNCR
        signals = termios.ISIG | termios.IEXTEN
        self._set(
            termios.IXON | termios.IXOFF | translated, termios.ICANON | termios.ECHO | signals
        )

    def _set(self, read: int, local: int) -> None:
        """The modes from before, without these."""
        modes = termios.tcgetattr(self.descriptor)
        modes[_READ] = self._before[_READ] & ~read
        modes[_LOCAL] = self._before[_LOCAL] & ~local
        modes[_CHARACTERS][termios.VMIN] = 1
        termios.tcsetattr(self.descriptor, termios.TCSANOW, modes)

    def add(self, keys: bytes) -> None:
        """As if they had been typed now; also for a handler of a signal."""
        self._typed.append(keys)

    def read(self) -> bool:
        """Takes what can be read, or waits for it. False once the terminal is closed."""
        try:
            keys = os.read(self.descriptor, _PIECE)
        except OSError:
            return False
        self._typed.append(keys)
        return bool(keys)

    def seen(self) -> str:
        """What was read until now, and stays."""
        return background.without_answer(b"".join(self._typed).decode(sys.stdin.encoding, "ignore"))

    def typed(self) -> str:
        """What was typed until now, up to the end of a key; what comes after it, the terminal
        holds."""
        if waiting := self._waiting():
            self._typed.append(os.read(self.descriptor, waiting))
        while _CUT.search(b"".join(self._typed)) and self._more() and self.read():
            pass
        typed, self._typed = self.seen(), []
        return typed

    def _more(self) -> bool:
        return bool(select.select([self.descriptor], [], [], _REST_SECONDS)[0])

    def _waiting(self) -> int:
        """How many bytes can be read at once."""
        count = fcntl.ioctl(self.descriptor, termios.FIONREAD, b"\0" * 4)
        return int.from_bytes(count, sys.byteorder)
