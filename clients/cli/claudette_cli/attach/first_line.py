"""Owns the line that a person types in while the rest of the screen is loaded.

prompt_toolkit takes longer to load than everything before it. Meanwhile a thread shows what is
typed and keeps every key; the screen that comes is drawn over it and begins with those keys, so
that an Enter among them sends.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from contextlib import suppress

from claudette_cli.attach import lower
from claudette_cli.terminal.output import columns, cut_before, padded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Self

    from claudette_cli.attach.picture import Picture
    from claudette_cli.terminal.early import Early
    from claudette_cli.terminal.output import Terminal

PROMPT = "▸ "
_PASTES, _NO_PASTES = "\x1b[?2004h", "\x1b[?2004l"
"""Whether a terminal marks where a paste begins and ends: its line ends are no Enters."""
_WRAPS, _CUTS = "\x1b[?7h", "\x1b[?7l"
"""What happens to a row that is as wide as the terminal."""
_ERASED = "\r\x1b[J"
_DELETING, _CLEARING = "\x7f\b", "\x15"
_SUSPEND = b"\x1a"


class FirstLine:
    """A context: inside, it is shown until its keys are taken."""

    def __init__(self, typing: Early, terminal: Terminal) -> None:
        self._typing = typing
        self._terminal = terminal
        self._picture: Picture | None = None
        self._drawing = threading.Lock()
        self._waking, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._echo, daemon=True)
        self._taken = False

    def __enter__(self) -> Self:
        self._draw(_PASTES)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._taken:
            self._stop()
            with suppress(OSError):  # of a terminal that is closed
                self._terminal.draw(f"{_NO_PASTES}{_ERASED}")

    def show(self, picture: Picture) -> None:
        """The chat is there: from now on keys are for its screen, Ctrl-C and Ctrl-Z as well."""
        self._typing.keep_every_key()
        # The screen takes over the signal before it takes the keys.
        signal.signal(signal.SIGTSTP, self._suspend_later)
        self._picture = picture
        self._draw()

    def take(self) -> str:
        """The keys. The cursor is where what is drawn over this line begins."""
        self._taken = True
        self._stop()
        self._terminal.draw("\r")
        return self._typing.typed()

    def _suspend_later(self, _: int, __: FrameType | None) -> None:
        """As soon as there is a screen that can come back from it."""
        self._typing.add(_SUSPEND)

    def _stop(self) -> None:
        if signal.getsignal(signal.SIGTSTP) == self._suspend_later:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.close(self._wake)
        self._thread.join()
        os.close(self._waking)

    def _echo(self) -> None:
        """Until it is stopped, or the terminal is closed."""
        try:
            while not self._woken() and self._typing.read():
                self._draw()
        except OSError:
            # A closed terminal ends the seat by a signal.
            return

    def _woken(self) -> bool:
        """Whether to stop, once that or something typed is there."""
        ready, _, _ = select.select([self._typing.descriptor, self._waking], [], [])
        return self._waking in ready

    def _draw(self, more: str = "") -> None:
        """In one write, over what it has drawn before."""
        with self._drawing:
            width = self._terminal.width
            text = cut_before(preview(self._typing.seen()), width - columns(PROMPT) - 1)
            status = "".join(part[1] for part in lower.status(self._picture, width))
            self._terminal.draw(
                f"{more}{_CUTS}{_ERASED}{self._terminal.paint(PROMPT, 'bold', 'cyan')}{text}"
                f"\r\n\x1b[7m{padded(status, width)}\x1b[m"
                f"\x1b[A\r\x1b[{columns(PROMPT + text)}C{_WRAPS}"
            )


def preview(keys: str) -> str:
    """What the line shows of them, up to the first whose effect only the screen can show, such as
    an Enter. Pure."""
    text = ""
    for key in keys:
        if key in _CLEARING:
            text = ""
        elif key in _DELETING:
            text = text[:-1]
        elif key.isprintable():
            text += key
        else:
            break
    return text
