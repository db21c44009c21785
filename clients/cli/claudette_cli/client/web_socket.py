"""Owns the thread that carries lines between a socket of this process and a daemon's WebSocket."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import RemoteProtocolError

from claudette_cli.exits import NO_DAEMON, Failure
from claudetted.protocol.remote import SOCKET_PATH

_SECONDS = 30.0
_READ = 1 << 16
_UNAUTHORIZED = 401


class Relay:
    """`socket` is the near end: whoever takes it closes it, and the thread ends with it.

    The constructor raises OSError while the daemon cannot be reached, and Failure when it refuses
    the token.
    """

    def __init__(self, origin: str, token: str) -> None:
        split = urlsplit(origin)
        self._origin = origin
        self._far = _connected(split.hostname or "", split.port, tls=split.scheme == "https")
        self._protocol = WSConnection(ConnectionType.CLIENT)
        try:
            self._shake_hands(split.netloc, token)
        except BaseException:
            self._far.close()
            raise
        self._far.settimeout(None)
        self.socket, self._near = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Returns when everything is closed."""
        self._thread.join()

    def _shake_hands(self, host: str, token: str) -> None:
        headers = [(b"Authorization", b"Bearer " + token.encode())]
        request = Request(host=host, target=SOCKET_PATH, extra_headers=headers)
        self._far.sendall(self._protocol.send(request))
        while True:
            self._read()
            for event in self._protocol.events():
                if isinstance(event, AcceptConnection):
                    return
                if isinstance(event, RejectConnection):
                    raise _refusal(self._origin, event.status_code)

    def _read(self) -> None:
        data = self._far.recv(_READ)
        if not data:
            raise ConnectionResetError(0, f"{self._origin} closed the connection")
        try:
            self._protocol.receive_data(data)
        except RemoteProtocolError as fault:
            raise ConnectionResetError(0, f"{self._origin} is no daemon: {fault}") from fault

    def _carry(self) -> None:
        with self._near, self._far:
            try:
                while self._carry_some():
                    pass
            except OSError:
                return  # either end is gone, which the other learns by our closing it

    def _carry_some(self) -> bool:
        """False when the near end is closed or the daemon says that it is over."""
        buffered = isinstance(self._far, ssl.SSLSocket) and self._far.pending()
        readable = select.select([self._near, self._far], [], [], 0 if buffered else None)[0]
        if self._near in readable and not self._send():
            return False
        if buffered or self._far in readable:
            self._read()
            return self._hand_on()
        return True

    def _send(self) -> bool:
        """One whole line after the other: each is a message."""
        data = self._near.recv(_READ)
        while data and not data.endswith(b"\n"):
            more = self._near.recv(_READ)
            data = data + more if more else b""
        for line in data.splitlines():
            self._far.sendall(self._protocol.send(TextMessage(data=line.decode())))
        return bool(data)

    def _hand_on(self) -> bool:
        for event in self._protocol.events():
            if isinstance(event, TextMessage):
                self._near.sendall(event.data.encode() + b"\n" * event.message_finished)
            elif isinstance(event, Ping):
                self._far.sendall(self._protocol.send(event.response()))
            elif isinstance(event, CloseConnection):
                return False
        return True


def _connected(host: str, port: int | None, *, tls: bool) -> socket.socket:
    plain = socket.create_connection((host, port or (443 if tls else 80)), timeout=_SECONDS)
    if not tls:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _refusal(origin: str, status: int) -> Exception:
    if status == _UNAUTHORIZED:
        return Failure(
            f"{origin} knows this machine no more: pair it again with the link of "
            "claudette remote pair.",
            NO_DAEMON,
        )
    if status == 403:
        return Failure(
            f"{origin} is not how the daemon is called there: see the setting remote_origins.",
            NO_DAEMON,
        )
    return ConnectionRefusedError(0, f"{origin} answered with the HTTP status {status}")
