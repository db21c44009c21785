"""Owns how a sidecar ends, and that nothing it started outlives it."""

import os
import signal
import time
from collections.abc import Callable

from claudetted.sidecar.keeper import processes
from claudetted.sidecar.keeper.child import Child
from claudetted.sidecar.keeper.loop import Loop

STRAY_GRACE = 1.0
SWEEP_EVERY = 0.02
SWEEPS = 100
"""A process that outlives this many kills waits for a disk or a debugger; nobody can end it."""


class Ends:
    def __init__(self, loop: Loop, finished: Callable[[Child], None]) -> None:
        self._loop = loop
        self._finished = finished

    def exited(self, child: Child, status: int) -> None:
        """It was reaped. What it started lives on, unless the sidecar was being ended."""
        child.status = status
        if not processes.LINUX:
            # The only handle there is, and only now does the number surely mean this group.
            processes.signal_group(child.pid, signal.SIGKILL)
        if child.ending:
            self._sweep(child, SWEEPS)
        else:
            self._finish(child)

    def end(self, child: Child, grace_ms: int) -> None:
        """Ends it and all it started. A later call with less grace hurries."""
        child.ending = True
        if child.status is None and grace_ms:
            child.tree |= processes.below(child.pid)
            processes.signal_group(child.pid, signal.SIGTERM)
            self._loop.after(grace_ms / 1000, lambda: self.kill(child))
        elif child.status is None:
            self.kill(child)
        elif child.sweeps_left is None:
            self._sweep(child, SWEEPS)
        elif child.sweeps_left == 0:
            self._finish(child)

    def kill(self, child: Child) -> None:
        if child.status is None:
            child.ending = True
            child.tree |= processes.below(child.pid)
            processes.signal_group(child.pid, signal.SIGKILL)

    def _sweep(self, child: Child, left: int) -> None:
        """Kills what the ended sidecar left behind, again until there is none."""
        behind = child.tree | processes.left_by(child.pid)
        child.tree = processes.living(behind, *child.marks)
        processes.signal_all(child.tree, signal.SIGKILL)
        child.sweeps_left = left if child.tree else 0
        if child.sweeps_left:
            self._loop.after(SWEEP_EVERY, lambda: self._sweep(child, left - 1))
        else:
            self._finish(child)

    def _finish(self, child: Child) -> None:
        child.final = True
        self._finished(child)

    def end_strays(self, mark: bytes) -> None:
        """A keeper that was killed could not end what survived it."""
        strays = processes.living(set(), mark)
        processes.signal_all(strays, signal.SIGTERM)
        if strays:
            self._loop.after(STRAY_GRACE, lambda: self._kill_strays(strays, SWEEPS))

    def _kill_strays(self, strays: processes.Tree, left: int) -> None:
        # Not by the mark any more: by now there are sidecars of our own that carry it.
        strays = processes.living(strays)
        processes.signal_all(strays, signal.SIGKILL)
        if strays and left:
            self._loop.after(SWEEP_EVERY, lambda: self._kill_strays(strays, left - 1))


def end_descendants() -> None:
    """Being their reaper, we see all that any sidecar ever started, marked or not."""
    for _ in range(SWEEPS):
        while processes.reap():
            pass
        if processes.is_childless():
            return
        tree = processes.below(os.getpid())
        if not tree:
            return
        processes.signal_all(tree, signal.SIGKILL)
        time.sleep(SWEEP_EVERY)
