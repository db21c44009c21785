"""Owns a daemon that follows a scenario: a real Unix socket, real lines, no chats."""

import inspect
import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]
Handler = Callable[[Json], Any]


class Faulty(Exception):
    """Answers a request with this error."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.wire = {"code": -32000, "message": message, "data": {"name": name}}


class Line:
    """One client's connection, as the daemon sees it."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer

    def tell(self, method: str, **params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, frame: Json) -> None:
        self.peer.sendall(json.dumps(frame).encode() + b"\n")

    def hang_up(self) -> None:
        self.peer.shutdown(socket.SHUT_RDWR)


class FakeDaemon:
    """Listens in threads of its own, writes a lock file, answers what `handlers` knows.

    A handler gets the parameters; one that takes the line too may tell things before it answers.
    """

    def __init__(self, data: Path, **handlers: Callable[..., Any]) -> None:
        self.handlers = {name.replace("_", "/"): handler for name, handler in handlers.items()}
        self.asked: list[tuple[str, Json]] = []
        self.level = 1
        self._data = data
        self._listener = socket.socket(socket.AF_UNIX)
        self._threads: list[threading.Thread] = []
        self._lines: list[Line] = []
        self._thread = threading.Thread(target=self._accept)

    def __enter__(self) -> Self:
        self._data.mkdir(exist_ok=True)
        path = self.path
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen()
        lock = {"pid": os.getpid(), "instance": "i", "socket": str(path), "version": "0"}
        (self._data / "claudetted.lock").write_text(json.dumps(lock))
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
        for line in self._lines:
            line.peer.close()

    @property
    def path(self) -> Path:
        return self._data / "s"

    def called(self, method: str) -> list[Json]:
        return [params for name, params in self.asked if name == method]

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                break  # The listener was shut down.
            line = Line(peer)
            self._lines.append(line)
            thread = threading.Thread(target=self._serve, args=(line,))
            self._threads.append(thread)
            thread.start()
        for line in self._lines:
            try:
                line.hang_up()
            except OSError:
                continue  # The client was faster.
        for thread in self._threads:
            thread.join()

    def _serve(self, line: Line) -> None:
        with line.peer.makefile("rb") as reader:
            try:
                for data in reader:
                    self._answer(line, json.loads(data))
            except ConnectionError:
                return  # The client left before it was told everything.

    def _answer(self, line: Line, frame: Json) -> None:
        method, params = frame["method"], frame.get("params", {})
        self.asked.append((method, params))
        reply: Json = {"jsonrpc": "2.0", "id": frame["id"]}
        try:
            reply["result"] = self._result(line, method, params)
        except Faulty as fault:
            reply["error"] = fault.wire
        try:
            line.send(reply)
        except OSError:
            return  # The handler hung up, or the client did.

    def _result(self, line: Line, method: str, params: Json) -> Any:
        if method == "daemon/hello":
            return {"level": self.level, "version": "9", "instance": "i", "pid": os.getpid()}
        handler = self.handlers[method]
        if len(inspect.signature(handler).parameters) == 2:
            return handler(params, line)
        return handler(params)
