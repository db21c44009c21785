"""Owns which process is at the other end of a Unix socket, and whether an agent has started it.

A number alone may be used again by the time the process is looked at, so a handle that the kernel
made with the connection tells whether it still meant the same process. macOS has none.
"""

import os
import select
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from claudetted.rpc.doors.ancestry import started_by_agent
from claudetted.sidecar.keeper.connection import peer_of

_SO_PEERPIDFD = 77
"""Linux 6.5 and newer."""


def process_of(connected: "trio.socket.SocketType") -> tuple[int, int]:
    """(uid, pid), as the kernel knows them."""
    pid, uid = peer_of(connected)
    return uid, pid


def is_of_agent(
    connected: "trio.socket.SocketType", pid: int | None, keeper_pid: int | None
) -> bool:
    """Whether an agent has started it, or it is gone. Reads /proc: not for trio's thread."""
    if pid is None:
        return False
    try:
        with _handle(connected, pid) as handle:
            return started_by_agent(pid, keeper_pid) or _has_ended(handle)
    except ProcessLookupError:
        return True


@contextmanager
def _handle(connected: "trio.socket.SocketType", pid: int) -> Iterator[int]:
    """A descriptor of the process, -1 where the system has no such thing."""
    handle = _descriptor(connected, pid) if sys.platform == "linux" else -1
    try:
        yield handle
    finally:
        if handle >= 0:
            os.close(handle)


def _descriptor(connected: "trio.socket.SocketType", pid: int) -> int:
    """Raises ProcessLookupError when the process is gone, or not one that we can see."""
    try:
        return connected.getsockopt(socket.SOL_SOCKET, _SO_PEERPIDFD)
    except OSError:
        # An older kernel; newer ones tell of a process that is gone as well.
        try:
            return os.pidfd_open(pid)
        except OSError:
            raise ProcessLookupError(pid) from None


def _has_ended(handle: int) -> bool:
    if handle < 0:
        return False
    looking = select.poll()
    looking.register(handle, select.POLLIN)
    return bool(looking.poll(0))
