"""Owns waiting: descriptors, timers and signals, and the tick that gathers small writes."""

import heapq
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable

from claudetted.sidecar.keeper.pace import TICK, Pace

PAUSE = 0.05
"""A stream silent for this long is waited for again, instead of being asked at every tick."""
MUCH = 32 * 1024
"""A stream that gives this much at once is asked again at once."""

Callback = Callable[[], None]
Reader = Callable[[], int]
"""Reads once: how many bytes came, -1 when no more will."""


class Loop:
    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Callback]] = []
        self._timer_n = 0
        self._pace = Pace(time.monotonic())
        self._callbacks: dict[int, Callback] = {}
        self._streams: dict[int, Reader] = {}
        self._ticking: dict[int, float] = {}
        """Streams that are asked at the tick, and when each was last heard."""
        self._tick_at = 0.0

    def round(self) -> None:
        """Waits for something and calls whom it concerns."""
        for key, _ in self._selector.select(self._patience()):
            # A callback before this one may have closed the descriptor.
            callback = self._callbacks.get(key.fd)
            if callback and callback is key.data:
                callback()
        now = time.monotonic()
        if self._ticking and now >= self._tick_at:
            self._tick(now)
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()

    def _patience(self) -> float | None:
        due = [self._timers[0][0]] if self._timers else []
        due += [self._tick_at] if self._ticking else []
        return max(0.0, min(due) - time.monotonic()) if due else None

    def after(self, delay: float, callback: Callback) -> None:
        self._timer_n += 1
        heapq.heappush(self._timers, (time.monotonic() + delay, self._timer_n, callback))

    def readable(self, fd: int, callback: Callback) -> None:
        self._register(fd, selectors.EVENT_READ, callback)

    def writable(self, fd: int, callback: Callback) -> None:
        self._register(fd, selectors.EVENT_WRITE, callback)

    def _register(self, fd: int, events: int, callback: Callback) -> None:
        self._callbacks[fd] = callback
        self._selector.register(fd, events, callback)

    def also_writable(self, fd: int, wanted: bool) -> None:
        """Calls the callback of a readable descriptor when it can be written, too."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wanted else 0)
        key = self._selector.get_key(fd)
        if key.events != events:
            self._selector.modify(fd, events, key.data)

    def ignore(self, fd: int) -> None:
        """Forgets the descriptor, whatever was wanted of it. To be called before it is closed."""
        self._streams.pop(fd, None)
        self._ticking.pop(fd, None)
        if self._callbacks.pop(fd, None):
            self._selector.unregister(fd)

    def stream(self, fd: int, reader: Reader) -> None:
        """Reads `fd` whenever it has something: at once after a pause, by the tick under load."""
        self._streams[fd] = reader
        self.readable(fd, lambda: self._heard(fd))

    def _heard(self, fd: int) -> None:
        now = time.monotonic()
        got = self._streams[fd]()
        if got > 0 and fd in self._streams and not self._pace.spend(now):
            if not self._ticking:
                self._tick_at = now + TICK
            self._ticking[fd] = now
            del self._callbacks[fd]
            self._selector.unregister(fd)

    def _tick(self, now: float) -> None:
        much = False
        for fd, heard in list(self._ticking.items()):
            got = self._streams[fd]()
            much = much or got >= MUCH
            if fd not in self._streams:
                continue
            if got > 0:
                self._ticking[fd] = now
            elif now - heard > PAUSE:
                del self._ticking[fd]
                self.stream(fd, self._streams[fd])
        self._tick_at = now if much else now + TICK

    def signals(self, numbers: tuple[int, ...], callback: Callable[[int], None]) -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: None)
        self._signal_pair = (ours, theirs)

        def came() -> None:
            for number in set(os.read(ours.fileno(), 4096)):
                callback(number)

        self.readable(ours.fileno(), came)
