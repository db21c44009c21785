"""Owns ending jobs: processes that an agent's commands have started, and that a person wants gone.

Only what carries the chat's mark is touched, whatever its number was given to meanwhile.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack

from claudetted.sidecar import census
from claudetted.sidecar.census import Seen
from claudetted.sidecar.keeper.processes import below

GRACE_SECONDS = 1.5
_POLL_SECONDS = 0.05


def end(chat: str, pids: Collection[int]) -> tuple[list[Seen], list[Seen]]:
    """Ends the processes and what they have started, first with SIGTERM, after a grace with
    SIGKILL. Blocks until they are gone or SIGKILL had its time. Those that are gone, and those
    that are not."""
    with ExitStack() as stack:
        held = list(_hold(chat, pids, stack))
        for number in (signal.SIGTERM, signal.SIGKILL):
            for one in held:
                one.send(number)
            _wait(held)
        gone = [one.seen for one in held if one.is_gone()]
    return gone, [one.seen for one in held if one.seen not in gone]


class _Held:
    """A process that cannot be taken for another one. Without descriptors of processes, as
    outside Linux, its mark is read again before each signal."""

    def __init__(self, seen: Seen, descriptor: int | None) -> None:
        self.seen = seen
        self._descriptor = descriptor

    def send(self, number: signal.Signals) -> None:
        if self.is_gone():
            return
        try:
            if sys.platform == "linux" and self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, number)
            else:
                os.kill(self.seen.pid, number)
        except (ProcessLookupError, PermissionError):
            return  # it is gone, or nobody's to end, which the caller sees

    def is_gone(self) -> bool:
        if self._descriptor is not None:
            return bool(select.select([self._descriptor], [], [], 0)[0])
        found = census.look(self.seen.pid)
        return found is None or found.command != self.seen.command


def _hold(chat: str, pids: Collection[int], stack: ExitStack) -> Iterator[_Held]:
    whole = {pid for root in pids for pid in (root, *(pid for pid, _ in below(root)))}
    descriptors = {pid: _descriptor(pid) for pid in whole}
    for descriptor in filter(None, descriptors.values()):
        stack.callback(os.close, descriptor)
    # Looked at after they are held: these very processes carry the mark.
    for seen in census.marked():
        if seen.pid in whole and seen.chat == chat:
            yield _Held(seen, descriptors[seen.pid])


def _descriptor(pid: int) -> int | None:
    if sys.platform != "linux":
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None  # gone, or a kernel before 5.3


def _wait(held: list[_Held]) -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and not all(one.is_gone() for one in held):
        time.sleep(_POLL_SECONDS)
