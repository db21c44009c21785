"""Owns the clients of a benchmark: one that calls, one that notes what came when, and sinks."""

import json
import os
import re
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.flood import STAMP_DIGITS

Json = dict[str, Any]

_PATIENCE = 120.0
_MUCH = 1 << 20
_SINK = [sys.executable, "-I", "-S", os.fspath(Path(__file__).with_name("sink.py"))]
_STAMPED = re.compile(rb'(?:"delta"|item\.delta).*"text":"((?:\d{%d})+)"' % STAMP_DIGITS)


def connected(path: str | os.PathLike[str]) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(_PATIENCE)
    peer.connect(os.fspath(path))
    return peer


class Client:
    """Calls and waits. What the daemon tells meanwhile by itself is kept until it is asked for."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.peer = connected(path)
        self._lines = self.peer.makefile("rb", buffering=_MUCH)
        self._told: list[Json] = []
        self._calls = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lines.close()
        self.peer.close()

    def call(self, method: str, **params: Any) -> Any:
        self._calls += 1
        request = {"jsonrpc": "2.0", "id": self._calls, "method": method, "params": params}
        self.peer.sendall(json.dumps(request).encode() + b"\n")
        while (line := self._next()).get("id") != self._calls:
            self._told.append(line)
        if "error" in line:
            raise RuntimeError(f"{method}: {line['error']}")
        return line["result"]

    def event(self, kind: str) -> Json:
        """The next event of a kind; what comes before it is dropped."""
        while True:
            line = self._told.pop(0) if self._told else self._next()
            event: Json = line["params"].get("event", {})
            if event.get("type") == kind:
                return event

    def delta(self) -> None:
        """Waits for the next delta; what comes before it is dropped."""
        while (self._told.pop(0) if self._told else self._next()).get("method") != "delta":
            pass

    def _next(self) -> Json:
        line: Json = json.loads(self._lines.readline())
        return line


@contextmanager
def sunk(peers: Sequence[socket.socket]) -> Iterator[None]:
    """Has what comes for these clients thrown away by a process of its own; closes them."""
    fds = [peer.fileno() for peer in peers]
    for fd in fds:
        os.set_blocking(fd, True)
    argv = [*_SINK, *map(str, fds)]
    with subprocess.Popen(argv, pass_fds=fds) as process:
        try:
            yield
        finally:
            for peer in peers:
                peer.shutdown(socket.SHUT_RDWR)
                peer.close()
            process.wait()


class Recorder:
    """Notes what comes and when, in a thread, until all has ended or `stop`."""

    def __init__(self, peers: Sequence[socket.socket]) -> None:
        self._came: list[tuple[int, int, bytes]] = []
        self._peers = peers
        self._stopped, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._record)
        self._thread.start()

    def stop(self) -> None:
        self._stop.close()
        self._thread.join()
        self._stopped.close()

    def wait(self) -> None:
        """Returns when the other side of all has been closed."""
        self._thread.join()
        self._stop.close()
        self._stopped.close()

    def latencies(self) -> list[float]:
        """Milliseconds from the stamp in every delta to its arrival here."""
        found: list[float] = []
        begun: dict[int, bytes] = {}
        for at, index, data in self._came:
            whole, _, begun[index] = (begun.get(index, b"") + data).rpartition(b"\n")
            for stamps in _STAMPED.findall(whole):
                for n in range(0, len(stamps), STAMP_DIGITS):
                    found.append((at - int(stamps[n : n + STAMP_DIGITS])) / 1e6)
        return found

    def _record(self) -> None:
        with selectors.DefaultSelector() as selector:
            for index, peer in enumerate(self._peers):
                selector.register(peer, selectors.EVENT_READ, index)
            selector.register(self._stopped, selectors.EVENT_READ)
            while len(selector.get_map()) > 1:
                for key, _ in selector.select():
                    if key.data is None:
                        return
                    data = os.read(key.fd, _MUCH)
                    self._came.append((time.monotonic_ns(), key.data, data))
                    if not data:
                        selector.unregister(key.fileobj)
