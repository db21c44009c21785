"""Owns compactions: the pair of lines, and a manual one that a test may hold or abort."""

from __future__ import annotations

import threading
from itertools import chain

from claudette_cli.demo import script
from tests.fakes.sidecar import gate
from tests.fakes.sidecar.outlet import Outlet
from tests.fakes.sidecar.stopping import Stop, Stopped
from tests.fakes.sidecar.transcript import Transcript

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NOTHING = "Nothing to compact (session too small)."


def compact(out: Outlet, transcript: Transcript, trigger: str) -> None:
    """One that succeeds at once."""
    out.send("compaction.start", trigger=trigger)
    _finish(out, transcript, trigger)


def _finish(out: Outlet, transcript: Transcript, trigger: str) -> None:
    sizes = {"before": transcript.characters // 4}
    transcript.compact()
    sizes["after"] = transcript.characters // 4
    out.send("compaction.end", trigger=trigger, ok=True, durationMs=1, **sizes)


class Compaction:
    """One that was asked for. Its instructions may hold gates. It runs in a thread of its own."""

    def __init__(self, out: Outlet, transcript: Transcript, gates: str, instructions: str) -> None:
        self._out = out
        self._transcript = transcript
        self._gates = gates
        self._steps = list(chain.from_iterable(script.rounds(instructions)))
        self._stop = Stop()
        self._over = threading.Event()

    def start(self, on_end: Callable[[str], Any]) -> None:
        """`on_end` gets why it failed, or nothing."""
        threading.Thread(target=self._run, args=(on_end,)).start()

    def abort(self) -> None:
        """Returns when it is over."""
        self._stop.set()
        self._over.wait()

    def _run(self, on_end: Callable[[str], Any]) -> None:
        self._out.send("compaction.start", trigger="manual")
        try:
            if self._transcript.empty:
                self._fail(NOTHING)
                on_end(NOTHING)
                return
            for step in self._steps:
                if step.name == "hold":
                    gate.hold(self._gates, step.argument, self._stop)
            _finish(self._out, self._transcript, "manual")
            on_end("")
        except Stopped:
            self._fail("stopped")
            on_end("Compaction cancelled.")
        finally:
            self._over.set()

    def _fail(self, error: str) -> None:
        self._out.send("compaction.end", trigger="manual", ok=False, error=error)
