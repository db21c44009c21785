"""Owns the programs that call an adapter: helpers of the vendor's, each with one question.

A caller connects and writes its question, one line; the answer is written and the connection
closed. One that leaves first wants no answer any more.
"""

import contextlib
import os
import selectors
import socket
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from typing import Any, Protocol

READ_BYTES = 256 * 1024


class Callee(Protocol):
    """Who is called, by a translation's rules. `caller` is a number of this life."""

    def called(self, caller: int, question: bytes) -> Iterable[Any]: ...

    def caller_left(self, caller: int) -> Iterable[Any]: ...


class Callers:
    """Resource handling: the socket's file and all connections go with `close`."""

    def __init__(
        self, selector: selectors.BaseSelector, callee: Callee, do: Callable[[Any], None]
    ) -> None:
        self._selector = selector
        self._callee = callee
        self._do = do
        self._numbers = count(1)
        self._waiting: dict[int, socket.socket] = {}
        self._questions: dict[int, bytearray] = {}
        self._path = ""

    def listen(self, directory: str, name: str) -> None:
        """A socket's address is short: it is made from within its directory."""
        self._path = os.path.join(directory, name)
        here = os.getcwd()
        os.chdir(directory)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        door = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        door.bind(name)
        os.umask(before)
        os.chdir(here)
        door.listen(64)
        self._selector.register(door, selectors.EVENT_READ, partial(self._accept, door))

    def answer(self, caller: int, data: bytes) -> None:
        connection = self._waiting.get(caller)
        if connection is None:
            return
        connection.setblocking(True)
        with contextlib.suppress(OSError):
            connection.sendall(data)
        self._forget(caller)

    def close(self) -> None:
        for caller in list(self._waiting):
            self._forget(caller)
        if self._path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)

    def _accept(self, door: socket.socket) -> None:
        connection, _ = door.accept()
        caller = next(self._numbers)
        self._waiting[caller], self._questions[caller] = connection, bytearray()
        self._selector.register(connection, selectors.EVENT_READ, partial(self._read, caller))

    def _read(self, caller: int) -> None:
        try:
            data = self._waiting[caller].recv(READ_BYTES)
        except OSError:
            data = b""
        if not data:
            asked = caller not in self._questions
            self._forget(caller)
            if asked:
                self._do(self._callee.caller_left(caller))
        elif caller in self._questions:
            self._questions[caller] += data
            if data.endswith(b"\n"):
                self._do(self._callee.called(caller, bytes(self._questions.pop(caller))))

    def _forget(self, caller: int) -> None:
        connection = self._waiting.pop(caller)
        self._questions.pop(caller, None)
        if connection in self._selector.get_map():
            self._selector.unregister(connection)
        connection.close()
