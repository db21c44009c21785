"""Owns the scripted sidecar's life: its start, its lines, its end when the daemon lets go.

Options come from the environment: FAKE_GATES (socket of the test's `Gates`), FAKE_START_HOLD
(a gate before the first line), FAKE_START_DELAY (seconds), FAKE_DIE_AT_START (exit code),
FAKE_NO_HELLO, FAKE_BAD_LEVEL, FAKE_RECORD (a directory: what each sidecar writes is in a file of
its name).
"""

from __future__ import annotations

import os
import sys
import threading

from tests.fakes.sidecar import gate, notation
from tests.fakes.sidecar.desk import Desk
from tests.fakes.sidecar.outlet import Outlet
from tests.fakes.sidecar.stopping import Stop

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Mapping
    from types import FrameType
    from typing import Any
else:
    import _signal as signal

LEVEL = 1


class Leaving(Exception):
    """A signal asks to end in order."""


def live(options: Mapping[str, str]) -> None:
    os.umask(0o077)
    directory = options.get("FAKE_RECORD")
    record = os.path.join(directory, options["CLAUDETTED_SIDECAR"]) if directory else ""
    out = Outlet(os.dup(1), record)
    os.dup2(2, 1)
    _begin(options, out)
    desk = Desk(out, options.get("FAKE_GATES", ""))
    leaving = False

    def ask_to_leave(number: int, frame: FrameType | None) -> None:
        nonlocal leaving
        if not leaving and not desk.deaf.is_set():
            leaving = True
            raise Leaving

    signal.signal(signal.SIGTERM, ask_to_leave)
    try:
        _serve(desk, 0)
        leaving = True  # A signal that comes with the end of its input interrupts nothing.
    except Leaving:
        leaving = True
    _leave(desk)


def _begin(options: Mapping[str, str], out: Outlet) -> None:
    """What may go wrong before the first line is said."""
    if delay := options.get("FAKE_START_DELAY"):
        threading.Event().wait(float(delay))
    if name := options.get("FAKE_START_HOLD"):
        gate.hold(options["FAKE_GATES"], name, Stop())
    if code := options.get("FAKE_DIE_AT_START"):
        sys.stderr.write("The scripted sidecar dies at its start.\n")
        sys.stderr.flush()
        os._exit(int(code))
    if "FAKE_NO_HELLO" in options:
        return
    level = int(options.get("FAKE_BAD_LEVEL", LEVEL))
    versions = {"version": "0.0.1", "agentVersion": "1.0-scripted"}
    out.send("hello", level=level, harness="pi", pid=os.getpid(), **versions)


def _serve(desk: Desk, descriptor: int) -> None:
    """Takes lines until the daemon's end of the pipe is closed."""
    pieces: list[bytes] = []
    while chunk := os.read(descriptor, 256 * 1024):
        *ends, rest = chunk.split(b"\n")
        for end in ends:
            line = b"".join([*pieces, end])
            pieces = []
            if line and not desk.deaf.is_set():
                _take(desk, line)
        pieces.append(rest)


def _take(desk: Desk, line: bytes) -> None:
    asked: dict[str, Any] = notation.loads(line)
    desk.take(asked)


def _leave(desk: Desk) -> None:
    if desk.deaf.is_set():
        while True:
            threading.Event().wait()
    desk.close()
    os._exit(0)
