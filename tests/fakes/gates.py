"""Owns the gates at which scripted sidecars wait: a test sees them arrive and lets them go."""

import os
import shutil
import socket
import tempfile
import threading
from types import TracebackType
from typing import Self

import trio


class Gates:
    """A Unix socket that sidecars connect to when they come to `@hold NAME`. Use as a context."""

    def __init__(self) -> None:
        self._dir = tempfile.mkdtemp(prefix="gates-")
        self.path = os.path.join(self._dir, "s")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(128)
        self._changed = threading.Condition()
        self._waiting: dict[str, list[socket.socket]] = {}
        self._reached: set[str] = set()
        self._open: set[str] = set()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        for name in list(self._waiting):
            self.release(name)
        shutil.rmtree(self._dir)

    def wait_held(self, name: str, timeout: float = 60) -> None:
        """Returns once a sidecar has come to gate `name`."""
        with self._changed:
            if not self._changed.wait_for(lambda: name in self._reached, timeout):
                raise TimeoutError(f"Nobody came to gate {name!r}; seen: {self._reached}.")

    async def held(self, name: str) -> None:
        """The same for a trio test."""
        await trio.to_thread.run_sync(self.wait_held, name)

    def release(self, name: str) -> None:
        """Lets everybody pass gate `name`, now and later."""
        with self._changed:
            self._open.add(name)
            waiting = self._waiting.pop(name, [])
        for line in waiting:
            line.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return  # The listener was shut down.
            with line.makefile("rb") as reader:
                name = reader.readline().decode().rstrip("\n")
            self._arrive(name, line)

    def _arrive(self, name: str, line: socket.socket) -> None:
        with self._changed:
            self._reached.add(name)
            passes = name in self._open
            if not passes:
                self._waiting.setdefault(name, []).append(line)
            self._changed.notify_all()
        if passes:
            line.close()
