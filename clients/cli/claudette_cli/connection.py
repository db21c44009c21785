"""Owns one connection to the daemon: JSON lines over a Unix socket, replies and notifications."""

from __future__ import annotations

import json
import os

# The C half of `socket` has all that is needed; loading the other half would be a tenth of what
# a short command costs.
from _socket import AF_UNIX, SHUT_RDWR, SOCK_STREAM, socket
from collections import deque

from claudette_cli.exits import Disconnected, Failure, Refused
from claudette_cli.names import PROTOCOL_LEVEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = "claudette"


class Connection:
    """A blocking connection. Whoever opens it closes it; it is a context manager.

    Notifications that arrive while a reply is awaited are kept in order.
    """

    def __init__(self, path: str, version: str) -> None:
        self._socket = socket(AF_UNIX, SOCK_STREAM)
        self._pieces: list[bytes] = []
        self._lines: deque[bytes] = deque()
        self._notifications: deque[dict[str, Any]] = deque()
        self._last_id = 0
        self.hello: dict[str, Any] = {}
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise
        self._greeting = self._post(
            "daemon/hello", {"name": NAME, "kind": "cli", "version": version}
        )

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def interrupt(self) -> None:
        """Ends whatever waits on this connection, also in another thread."""
        try:
            self._socket.shutdown(SHUT_RDWR)
        except OSError:
            return  # the daemon was faster

    def fileno(self) -> int:
        return self._socket.fileno()

    def request(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """The result, or Refused. Raises Disconnected when the daemon goes before it answers."""
        request_id = self._post(method, params)
        self._greet()
        return self._reply(request_id)

    def notification(self) -> dict[str, Any]:
        """The next notification, waited for."""
        while not self._notifications:
            self._take(self._line())
        return self._notifications.popleft()

    def arrived(self) -> list[dict[str, Any]]:
        """The notifications that are complete, after reading once if there are none."""
        if not self.pending:
            self._receive()
        while self._lines:
            self._take(self._lines.popleft())
        found = list(self._notifications)
        self._notifications.clear()
        return found

    @property
    def pending(self) -> bool:
        """Something complete was read already and would not wake a selector."""
        return bool(self._lines or self._notifications)

    def wait_closed(self) -> None:
        """Returns when the daemon has closed its end."""
        try:
            while True:
                self.notification()
        except Disconnected:
            return

    def _greet(self) -> None:
        if not self.hello:
            self.hello = self._reply(self._greeting)
            level = self.hello["level"]
            if level != PROTOCOL_LEVEL:
                raise Failure(
                    f"The daemon (version {self.hello['version']}) speaks protocol level {level} "
                    f"and this claudette speaks {PROTOCOL_LEVEL}; run: claudette restart"
                )

    def _post(self, method: str, params: dict[str, Any] | None) -> int:
        self._last_id += 1
        frame: dict[str, Any] = {"jsonrpc": "2.0", "id": self._last_id, "method": method}
        if params is not None:
            frame["params"] = params
        try:
            self._socket.sendall(json.dumps(frame, ensure_ascii=False).encode() + b"\n")
        except UnicodeEncodeError:
            raise Failure("The text holds bytes that are not UTF-8; send it as UTF-8.") from None
        except OSError as error:
            raise Disconnected(str(error)) from error
        return self._last_id

    def _reply(self, request_id: int) -> Any:
        while True:
            frame = json.loads(self._line())
            if "method" in frame:
                self._notifications.append(frame)
            elif frame.get("id") in (request_id, None):
                if "error" in frame:
                    raise Refused(frame["error"])
                return frame["result"]

    def _take(self, line: bytes) -> None:
        frame = json.loads(line)
        if "method" in frame:
            self._notifications.append(frame)

    def _line(self) -> bytes:
        while not self._lines:
            self._receive()
        return self._lines.popleft()

    def _receive(self) -> None:
        try:
            chunk = self._socket.recv(1 << 18)
        except OSError as error:
            raise Disconnected(os.strerror(error.errno or 0)) from error
        if not chunk:
            raise Disconnected("the daemon closed the connection")
        if b"\n" not in chunk:
            self._pieces.append(chunk)
            return
        *complete, rest = b"".join([*self._pieces, chunk]).split(b"\n")
        self._lines.extend(complete)
        self._pieces = [rest] if rest else []
