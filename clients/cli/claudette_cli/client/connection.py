"""Owns one connection to the daemon: JSON lines over a Unix socket, replies and notifications."""

from __future__ import annotations

import json
import os

# The C half of `socket` has all that is needed; loading the other half would be a tenth of what
# a short command costs.
from _socket import AF_UNIX, SHUT_RDWR, SOCK_STREAM, socket
from collections import deque

from claudette_cli.client import peer
from claudette_cli.client.names import PROTOCOL_LEVEL
from claudette_cli.exits import Disconnected, Failure, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NAME = "claudette"


class Connection:
    """A blocking connection. Whoever opens it closes it; it is a context manager.

    Raises Failure, and sends nothing, when the daemon may be another user's.
    Notifications that arrive while a reply is awaited are kept in order.
    """

    def __init__(
        self,
        path: str,
        version: str,
        connected: socket | None = None,
        ended: Callable[[], object] = bool,
    ) -> None:
        """To the daemon's socket; or, to a daemon elsewhere, on one that is `connected` to it and
        that `ended` clears up after."""
        self._socket = connected or _connected(path)
        self._ended = ended
        self._pieces: list[bytes] = []
        self._lines: deque[bytes] = deque()
        self._notifications: deque[dict[str, Any]] = deque()
        self._last_id = 0
        self.hello: dict[str, Any] = {}
        self._greeting = self.post(
            "daemon/hello", {"name": NAME, "kind": "cli", "version": version}
        )

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()
        self._ended()

    def detach(self) -> socket:
        """The socket, for whoever only passes bytes on."""
        return self._socket

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
        request_id = self.post(method, params)
        self.greet()
        return self._reply(request_id)

    def post(self, method: str, params: dict[str, Any] | None) -> int:
        """Sends a request and gives its id. Raises Disconnected, and Failure for what is no
        UTF-8."""
        self._last_id += 1
        frame: dict[str, Any] = {"jsonrpc": "2.0", "id": self._last_id, "method": method}
        if params is not None:
            frame["params"] = params
        try:
            self._socket.sendall(json.dumps(frame, ensure_ascii=False).encode() + b"\n")
        except UnicodeEncodeError:
            raise Failure(_not_text(params or {})) from None
        except OSError as error:
            raise Disconnected(str(error)) from error
        return self._last_id

    def notification(self) -> dict[str, Any]:
        """The next notification, waited for."""
        while not self._notifications:
            self._take(self._line())
        return self._notifications.popleft()

    def arrived(self) -> list[dict[str, Any]]:
        """The notifications that are complete, after reading once if there are none."""
        return [frame for frame in self.frames() if "method" in frame]

    def frames(self) -> list[dict[str, Any]]:
        """All that is complete, replies to `post` among them, after reading once if there is
        nothing."""
        if not self.pending:
            self._receive()
        found = list(self._notifications)
        self._notifications.clear()
        while self._lines:
            found.append(json.loads(self._lines.popleft()))
        return found

    @property
    def pending(self) -> bool:
        """Something complete was read already and would not wake a selector."""
        return bool(self._lines or self._notifications)

    def greet(self) -> None:
        """Waits for the daemon's answer to who we are. Raises Disconnected, and Failure where it
        speaks another level."""
        if not self.hello:
            self.hello = self._reply(self._greeting)
            level = self.hello["level"]
            if level != PROTOCOL_LEVEL:
                from claudette_cli.client.versions import advice

                raise Failure(
                    f"The daemon (version {self.hello['version']}) speaks protocol level {level} "
                    f"and this claudette speaks {PROTOCOL_LEVEL}; "
                    f"{advice(newer=level > PROTOCOL_LEVEL)}"
                )

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


def _connected(path: str) -> socket:
    fresh = socket(AF_UNIX, SOCK_STREAM)
    try:
        peer.check_place(path)
        fresh.connect(path)
        peer.check(fresh, path)
    except BaseException:
        fresh.close()
        raise
    return fresh


def _not_text(params: dict[str, Any]) -> str:
    """Which of the parameters is no UTF-8, as far as that tells what to do."""
    for value in params.values():
        if isinstance(value, str) and os.path.isabs(value) and not value.isascii():
            raw = os.fsencode(value)
            try:
                raw.decode()
            except UnicodeDecodeError:
                shown = raw.decode(errors="backslashreplace")
                return f"The name of {shown} is not UTF-8, which names of directories have to be."
    return "The text holds bytes that are not UTF-8; send it as UTF-8."
