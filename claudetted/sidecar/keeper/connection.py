"""Owns the keeper's door: the socket, its lock, who may come in, and one peer's bytes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import sys

from claudetted.sidecar.keeper import processes
from claudetted.sidecar.keeper.marks import is_marked

# Without the module `typing`, which is a quarter of a keeper's start.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Peered(Protocol):
        """A connected socket, of whichever library."""

        def getsockopt(self, level: int, option: int, buffer_size: int, /) -> bytes: ...


RECEIVE = 256 * 1024


class AlreadyRunning(Exception):
    """Another keeper holds the lock of this socket."""


class Door:
    """The listening socket, and the lock that says whose it is."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = -1
        self._listener: socket.socket | None = None

    def open(self) -> int:
        """Takes the lock and listens, in a private directory. Returns what to wait for."""
        directory = os.path.dirname(self.path)
        os.makedirs(directory, 0o700, exist_ok=True)
        owner = os.stat(directory)
        if owner.st_uid != os.getuid() or owner.st_mode & 0o077:
            raise PermissionError(f"{directory} must be accessible to the user alone (mode 0700).")
        self._take_lock()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        os.chmod(self.path, 0o600)
        self._listener.listen(16)
        self._listener.setblocking(False)
        return self._listener.fileno()

    def _take_lock(self) -> None:
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise AlreadyRunning from None
        self._lock = lock

    def close(self, last: bool = False) -> int:
        """Lets nobody in any more; the last time takes the socket away. Returns what not to wait
        for any more."""
        if last:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
        was = self._listener.fileno() if self._listener else -1
        if self._listener:
            self._listener.close()
            self._listener = None
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        return was

    def accept(self) -> Connection | None:
        if not self._listener:
            return None
        try:
            peer, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return None
        pid, uid = peer_of(peer)
        if uid == os.getuid() and not _is_of_agent(pid):
            return Connection(peer)
        peer.close()
        return None


def _is_of_agent(pid: int) -> bool:
    """What a sidecar starts could answer for the user here: the input of sidecars is ours. It is
    not below us when it has outlived an earlier keeper."""
    try:
        return processes.is_below_us(pid) or is_marked(pid)
    except ProcessLookupError:
        return True


def peer_of(peer: Peered) -> tuple[int, int]:
    """(pid, uid) of the process at the other end, as the kernel knows it."""
    if sys.platform.startswith("linux"):
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        pid, uid, _gid = struct.unpack("iII", credentials)
        return pid, uid
    # macOS, at level SOL_LOCAL, 0: struct xucred {version, uid, ...} and the pid.
    local_peercred, local_peerpid = 1, 2
    _version, uid = struct.unpack_from("II", peer.getsockopt(0, local_peercred, 76))
    return peer.getsockopt(0, local_peerpid), uid


class Connection:
    """One peer. Written without blocking; what does not fit waits in the outbox."""

    def __init__(self, peer: socket.socket) -> None:
        peer.setblocking(False)
        self.peer = peer
        self.inbox = bytearray()
        self.outbox = bytearray()
        self.fenced = False

    def receive(self) -> bool:
        """False when the peer is gone."""
        try:
            data = self.peer.recv(RECEIVE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.inbox += data
        return bool(data)

    def flush(self) -> bool:
        """False when the peer is gone."""
        try:
            while self.outbox:
                del self.outbox[: self.peer.send(self.outbox)]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True
