"""Owns being ended by a signal: what was set up is taken down first, whichever signal it is."""

from __future__ import annotations

import signal
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Ask a program to end; the terminal that is closed sends SIGHUP."""


class Ended(SystemExit):
    """A signal came. The exit code is what a shell makes of it."""

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)


@contextmanager
def orderly() -> Iterator[None]:
    """Inside, a signal raises `Ended`, once. One that is ignored, as with nohup, stays so."""
    before = {each: signal.getsignal(each) for each in SIGNALS}
    ours = [each for each, handler in before.items() if handler == signal.SIG_DFL]
    for each in ours:
        signal.signal(each, _end)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, before[each])


@contextmanager
def held() -> Iterator[None]:
    """Inside, neither a signal nor Ctrl-C interrupts; the first that came is obeyed afterwards.

    By handlers and not by a mask, which would be one thread's alone.
    """
    came: list[int] = []
    asked = (*SIGNALS, signal.SIGINT)
    before = [(each, signal.signal(each, lambda signum, _: came.append(signum))) for each in asked]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)
        if came:
            signal.raise_signal(came[0])


def _end(signum: int, _: FrameType | None) -> None:
    # Closing a terminal sends it twice, and the second must not disturb what the first began.
    for each in SIGNALS:
        if signal.getsignal(each) is _end:
            signal.signal(each, _pass)
    raise Ended(signum)


def _pass(_: int, __: FrameType | None) -> None:
    """Comes too late to change anything."""
