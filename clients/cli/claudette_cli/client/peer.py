"""Owns making sure that a socket and the daemon behind it are our own user's, before we speak.

In a temporary directory anybody may have been first.
"""

from __future__ import annotations

import os
import stat
import sys
from _socket import SOL_SOCKET, socket

from claudette_cli.exits import Failure

_SO_PEERCRED = 17
_LOCAL_PEERCRED = 1
_XUCRED_BYTES = 76


def check_place(path: str) -> None:
    """Raises Failure unless the socket and its directory are ours to write, OSError without one."""
    directory = os.path.dirname(path)
    around, found = os.stat(directory), os.lstat(path)
    private = around.st_uid == os.geteuid() and not around.st_mode & 0o022
    if not private or found.st_uid != os.geteuid() or not stat.S_ISSOCK(found.st_mode):
        raise Failure(
            f"The daemon's socket {path} may be another user's, so nothing was sent: it and its "
            "directory must be yours, and nobody else may write there. Remove what is there."
        )


def check(connected: socket, path: str) -> None:
    """Raises Failure unless the process at the other end is of our user."""
    if _user_of(connected) != os.geteuid():
        raise Failure(
            f"The process at the daemon's socket {path} is another user's, so nothing was sent."
        )


def _user_of(connected: socket) -> int:
    if sys.platform == "linux":
        # struct ucred {pid, uid, gid}
        raw = connected.getsockopt(SOL_SOCKET, _SO_PEERCRED, 12)
    else:
        # macOS, at level SOL_LOCAL, 0: struct xucred {version, uid, ...}
        raw = connected.getsockopt(0, _LOCAL_PEERCRED, _XUCRED_BYTES)
    return int.from_bytes(raw[4:8], sys.byteorder)
