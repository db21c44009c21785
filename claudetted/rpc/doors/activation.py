"""Owns the sockets that a service manager opened before the daemon ran, and keeps after it."""

import logging
import os
import socket
from collections.abc import MutableMapping
from pathlib import Path

import msgspec
import trio

from claudetted.rpc.doors.unix import Listening

logger = logging.getLogger(__name__)

_FIRST = 3


class PassedSockets:
    """Listening TCP sockets for the door for other machines."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self._sockets = sockets

    def listener_at(self, address: str, port: int) -> trio.SocketListener | None:
        """Of whoever calls; closing it leaves the socket open. Port 0 is any."""
        for one in self._sockets:
            bound = one.getsockname()
            if bound[0] == address and port in (0, bound[1]):
                return trio.SocketListener(trio.socket.from_stdlib_socket(one.dup()))
        return None

    def close(self) -> None:
        """They are listened at no more, as far as we are concerned."""
        for one in self._sockets:
            one.close()
        self._sockets = []


class Inherited(msgspec.Struct, frozen=True):
    """What was passed, by what it is for."""

    unix: Listening | None
    remote: PassedSockets


def inherited(environ: MutableMapping[str, str], path: Path) -> Inherited:
    """The listening socket at this path and those of TCP that systemd passed. Takes the variables
    out of `environ`: they are of this process alone."""
    count, whose = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if whose != str(os.getpid()) or not count.isdigit():
        return Inherited(None, PassedSockets([]))
    passed = [socket.socket(fileno=_FIRST + number) for number in range(int(count))]
    for one in passed:
        one.set_inheritable(False)
    ours = [one for one in passed if one.getsockname() == os.fspath(path)][:1]
    remote = [one for one in passed if one.family in (socket.AF_INET, socket.AF_INET6)]
    for other in passed:
        if other not in (*ours, *remote):
            logger.warning("a socket at %s was passed and is not ours", other.getsockname())
            other.close()
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(ours[0])) if ours else None
    return Inherited(Listening(listener, None) if listener else None, PassedSockets(remote))
