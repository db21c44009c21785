"""Owns being stopped: a flag that wakes whatever waits."""

from __future__ import annotations

import threading

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Stopped(Exception):
    """What ran was aborted."""


class Stop:
    """One turn's or compaction's chance to be aborted. Once set it stays set."""

    def __init__(self) -> None:
        self._set = threading.Event()
        self._wakers: list[Callable[[], None]] = []
        self._lock = threading.RLock()  # A signal may come while its thread has it.

    @property
    def is_set(self) -> bool:
        return self._set.is_set()

    def set(self) -> None:
        with self._lock:
            self._set.set()
            wakers = list(self._wakers)
        for wake in wakers:
            wake()

    def check(self) -> None:
        if self.is_set:
            raise Stopped

    def pause(self, seconds: float) -> None:
        if self._set.wait(seconds):
            raise Stopped

    def waking(self, wake: Callable[[], None]) -> Waking:
        """While in the context `wake` is called when the stop is set, also if it is already."""
        return Waking(self, wake)

    def wake_too(self, wake: Callable[[], None]) -> None:
        with self._lock:
            self._wakers.append(wake)
            already = self.is_set
        if already:
            wake()

    def let_be(self, wake: Callable[[], None]) -> None:
        with self._lock:
            self._wakers.remove(wake)


class Waking:
    """The context of `Stop.waking`."""

    def __init__(self, stop: Stop, wake: Callable[[], None]) -> None:
        self._stop = stop
        self._wake = wake

    def __enter__(self) -> None:
        self._stop.wake_too(self._wake)

    def __exit__(self, *_: object) -> None:
        self._stop.let_be(self._wake)
