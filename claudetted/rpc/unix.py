"""Owns the Unix socket: its place, its permissions, and who may connect."""

import logging
import os
import socket
import struct
import sys
from pathlib import Path

import trio

from claudetted.rpc.ancestry import started_by_agent
from claudetted.rpc.connection import Connections
from claudetted.sidecar.link import KeeperLink

logger = logging.getLogger(__name__)

_BACKLOG = 128
_LOOK_SECONDS = 2.0


def listen(path: Path) -> trio.SocketListener:
    """Binds the socket, for our user alone. Whoever calls this holds the daemon's lock.

    The socket appears at its path only when it can be connected to.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        server.bind(os.fspath(fresh))
        fresh.chmod(0o600)
        server.listen(_BACKLOG)
        fresh.replace(path)
    except BaseException:
        server.close()
        raise
    return trio.SocketListener(trio.socket.from_stdlib_socket(server))


async def accept(
    path: Path,
    listener: trio.SocketListener,
    connections: Connections,
    keeper: KeeperLink,
    nursery: trio.Nursery,
) -> None:
    """Serves every client of our user until cancelled; closes the listener.

    Those who clean up temporary directories take the socket's path away: then it is made again.
    """

    async def welcome(stream: trio.SocketStream) -> None:
        uid, pid = peer(stream.socket)
        if uid != os.getuid():
            logger.warning("refused a connection of user %d", uid)
            await stream.aclose()
            return
        of_agent = await trio.to_thread.run_sync(started_by_agent, pid, keeper.pid)
        await connections.serve(stream, pid, of_agent)

    async def serve(one: trio.SocketListener) -> None:
        await trio.serve_listeners(welcome, [one], handler_nursery=nursery)

    while True:
        async with trio.open_nursery() as serving:
            serving.start_soon(serve, listener)
            fresh = await _listen_anew(path)
            serving.cancel_scope.cancel()
        listener = fresh


async def _listen_anew(path: Path) -> trio.SocketListener:
    """Returns when the path is gone and a new listener is at it."""
    while True:
        await trio.sleep(_LOOK_SECONDS)
        if _is_there(path):
            continue
        logger.warning("the socket %s is gone; listening anew", path)
        try:
            return listen(path)
        except OSError as fault:
            logger.warning("cannot listen at %s: %s", path, fault)


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def peer(connected: "trio.socket.SocketType") -> tuple[int, int]:
    """(uid, pid) of the process at the other end, as the kernel knows it."""
    if sys.platform == "linux":
        size = struct.calcsize("3i")
        raw = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid, uid, _gid = struct.unpack("3i", raw)
        return uid, pid
    # macOS, at level SOL_LOCAL, 0: struct xucred {version, uid, ...} and the pid.
    local_peercred, local_peerpid = 1, 2
    _version, uid = struct.unpack_from("Ii", connected.getsockopt(0, local_peercred, 76))
    return uid, connected.getsockopt(0, local_peerpid)
