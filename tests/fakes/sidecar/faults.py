"""Owns the ways in which a sidecar misbehaves, each played once when its directive comes."""

from __future__ import annotations

import os
import sys
import threading

from tests.fakes.sidecar import gate
from tests.fakes.sidecar.outlet import Outlet
from tests.fakes.sidecar.stopping import Stop

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from typing import NoReturn
else:
    import _signal as signal

NAMES = ("die", "hang", "garbage", "half", "unknown")
_PARENT_DEATH_SIGNAL = 1


def play(name: str, argument: str, out: Outlet, gates: str, go_deaf: Callable[[], None]) -> None:
    """One that hangs comes to the gate that it is told, if any, once it is deaf."""
    match name:
        case "die":
            _die(int(argument or 1))
        case "hang":
            go_deaf()
            _hang(gates, argument)
        case "garbage":
            out.write(b'\xff\xfe this is no line\n[]\n{"type":\n')
        case "half":
            out.last_words(b'{"type":"item.delta","item":')
            _die(1)
        case "unknown":
            out.send("a.line.of.the.future", item="x1")


def _die(code: int) -> NoReturn:
    sys.stderr.write(f"The scripted sidecar dies with {code}.\n")
    sys.stderr.flush()
    os._exit(code)


def _hang(gates: str, name: str) -> NoReturn:
    """Deaf to everything but SIGKILL. It still goes when its keeper goes, where that is known."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if name:
        gate.hold(gates, name, Stop())
    while True:
        threading.Event().wait()
