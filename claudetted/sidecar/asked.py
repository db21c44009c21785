"""Owns the record of which programs of the user's the daemon is asking: one that hangs outlives a
daemon that is killed, and the next daemon ends it. Linux alone: elsewhere nothing tells whether a
pid has been used again.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from claudetted.protocol import places
from claudetted.sidecar.keeper import processes


@contextmanager
def recorded(pid: int) -> Iterator[None]:
    """The leader of a session, while it is asked, which goes on where nothing can be written."""
    entry = _written(pid)
    try:
        yield
    finally:
        if entry is not None:
            with suppress(OSError):
                entry.unlink()


def _written(pid: int) -> Path | None:
    started = processes.started(pid)
    if started is None:
        return None
    entry = places.asked_dir() / f"{pid}-{started}"
    try:
        entry.parent.mkdir(mode=0o700, exist_ok=True)
        entry.touch()
    except OSError:
        return None
    return entry


def end_left() -> None:
    """To be called by a daemon that has the runtime directory for itself, before it asks any."""
    with suppress(OSError):
        for entry in list(places.asked_dir().iterdir()):
            pid, _, started = entry.name.partition("-")
            if pid.isdecimal() and started.isdecimal():
                _end(int(pid), int(started))
            entry.unlink()


def _end(pid: int, started: int) -> None:
    if processes.started(pid) == started:
        processes.signal_group(pid, signal.SIGKILL)
