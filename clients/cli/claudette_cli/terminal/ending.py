"""Owns being ended by a signal: what was set up is taken down first, whichever signal it is."""

from __future__ import annotations

import _thread
import os
import signal
import time
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Ask a program to end; the terminal that is closed sends SIGHUP."""
_AGAIN_SECONDS = 0.05


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
        with _heard_while_waiting():
            yield
    finally:
        for each in ours:
            signal.signal(each, before[each])


@contextmanager
def _heard_while_waiting() -> Iterator[None]:
    """Python calls a handler between two steps of the main thread, and a signal that comes just
    before a wait would be heard when that is over. What it writes to a pipe wakes a thread, which
    sends it again until it is heard."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    # The thread inherits the mask: a signal to it would interrupt no wait of the main one.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    _thread.start_new_thread(_insist, (reader, _thread.get_ident()))
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)


def _insist(reader: int, main: int) -> None:
    with open(reader, "rb", buffering=0) as pipe:
        while signum := pipe.read(1):
            time.sleep(_AGAIN_SECONDS)
            if signal.getsignal(signum[0]) is _end:
                signal.pthread_kill(main, signum[0])


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
