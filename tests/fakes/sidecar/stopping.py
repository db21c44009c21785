"""Owns being stopped: a flag that wakes whatever waits."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """While in the context `wake` is called when the stop is set, also if it is already."""
        with self._lock:
            self._wakers.append(wake)
            already = self.is_set
        if already:
            wake()
        try:
            yield
        finally:
            with self._lock:
                self._wakers.remove(wake)
