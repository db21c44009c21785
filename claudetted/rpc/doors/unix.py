"""Owns the Unix socket: its place, its permissions, and who may connect."""

import logging
import os
import socket
from pathlib import Path

import msgspec
import trio

from claudetted.rpc.connection import Connections
from claudetted.rpc.doors.peer import Peer, Rights
from claudetted.rpc.doors.process import is_of_agent, process_of
from claudetted.sidecar.link import KeeperLink

logger = logging.getLogger(__name__)

_BACKLOG = 128
_LOOK_SECONDS = 2.0


class Listening(msgspec.Struct, frozen=True):
    """A socket that clients can connect to, and which file is its own: none of one that a service
    manager opened, and keeps."""

    listener: trio.SocketListener
    file: tuple[int, int] | None


def listen(path: Path) -> Listening:
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
        file = _file_at(fresh)
        fresh.replace(path)
    except BaseException:
        server.close()
        raise
    return Listening(trio.SocketListener(trio.socket.from_stdlib_socket(server)), file)


async def accept(
    path: Path,
    listening: Listening,
    connections: Connections,
    keeper: KeeperLink,
    nursery: trio.Nursery,
) -> None:
    """Serves every client of our user until cancelled; then closes the socket and removes its file.

    Those who clean up temporary directories take the socket's path away: then it is made again.
    """

    async def welcome(stream: trio.SocketStream) -> None:
        uid, pid = process_of(stream.socket)
        if uid != os.getuid():
            logger.warning("refused a connection of user %d", uid)
            await stream.aclose()
            return
        peer = await trio.to_thread.run_sync(_peer, stream.socket, pid, keeper.pid)
        await connections.serve(stream, peer)

    async def serve(one: trio.SocketListener) -> None:
        await trio.serve_listeners(welcome, [one], handler_nursery=nursery)

    try:
        while True:
            async with trio.open_nursery() as serving:
                serving.start_soon(serve, listening.listener)
                fresh = await _listen_anew(path)
                serving.cancel_scope.cancel()
            listening = fresh
    finally:
        _remove(path, listening)


def _peer(connected: "trio.socket.SocketType", pid: int, keeper_pid: int | None) -> Peer:
    """The user may do everything; an agent that could decide would approve itself."""
    label = f"pid {pid}"
    if is_of_agent(connected, pid, keeper_pid):
        return Peer(label, "agent", Rights("watch"))
    return Peer(label, "user", Rights("administer", environment=True))


async def _listen_anew(path: Path) -> Listening:
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


def _remove(path: Path, listening: Listening) -> None:
    """What is at the path now may be somebody else's, and stays then."""
    try:
        if _file_at(path) == listening.file:
            path.unlink()
    except FileNotFoundError:
        return  # It was taken away before.
    except OSError as fault:
        logger.warning("cannot remove the socket %s: %s", path, fault)


def _file_at(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino
