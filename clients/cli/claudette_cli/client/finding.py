"""Owns finding the daemon that runs: through its lock file, which names its socket.

The usual Linux places are tried before `claudetted.protocol.places` is loaded, because its
imports cost more than everything else a short command does. A wrong guess finds no lock file
and only costs that time.
"""

from __future__ import annotations

import json
import os
import sys

from claudette_cli import directory
from claudette_cli.client.connection import Connection
from claudette_cli.exits import Disconnected, Failure
from claudetted import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOCK = "claudetted.lock"


def guessed_data_dir() -> str:
    """What `places.data_dir` will say on Linux, worked out from the environment alone."""
    override = os.environ.get("CLAUDETTED_DATA_DIR")
    if override:
        return directory.absolute(override)
    if sys.platform != "linux":
        return ""
    base = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/.local/share")
    return os.path.join(base, "claudetted")


def read_lock(path: str) -> dict[str, Any] | None:
    """What the last daemon wrote about itself: pid, instance, socket, version, startedAt."""
    try:
        with open(path, "rb") as lock:
            told = json.loads(lock.read())
    except (FileNotFoundError, ValueError):
        return None
    except OSError as error:
        raise Failure(f"{path} cannot be read ({error.strerror}); look at its owner.") from error
    return told if isinstance(told, dict) and "socket" in told else None


def elsewhere() -> str:
    """The host of a daemon on another machine, where one is given."""
    return os.environ.get("CLAUDETTE_HOST", "")


def running() -> Connection | None:
    """A connection to the daemon, if one runs."""
    if host := elsewhere():
        from claudette_cli.client import host as hosts

        try:
            return hosts.connect(host)
        except OSError:
            return None
    told = told_of_itself()
    if told is None:
        return None
    try:
        connection = Connection(str(told["socket"]), __version__)
    except (FileNotFoundError, ConnectionRefusedError):
        # Left by a daemon that is gone, or that has not bound its socket yet.
        return None
    except OSError as error:
        raise Failure(
            f"The daemon's socket {told['socket']} cannot be used ({error.strerror}); "
            "is it another user's?"
        ) from error
    if _is_of(connection, told):
        return connection
    connection.close()
    return None


def _is_of(connection: Connection, told: dict[str, Any]) -> bool:
    """Whether who answers is who wrote the lock file. One that was killed leaves its file, and with
    another data directory a daemon may serve in its place. Who lives does so at its own."""
    if alive(int(told.get("pid", 0))):
        return True
    try:
        connection.greet()
    except Disconnected:
        return False
    return bool(connection.hello["instance"] == told.get("instance"))


def crashed() -> bool:
    """Whether the last daemon is gone without having said goodbye to its lock file."""
    if elsewhere():
        return False
    told = told_of_itself()
    return told is not None and not alive(int(told.get("pid", 0)))


def told_of_itself() -> dict[str, Any] | None:
    """The lock file, read."""
    guess = guessed_data_dir()
    told = read_lock(os.path.join(guess, LOCK)) if guess else None
    if told is None:
        from claudetted.protocol import places

        told = read_lock(str(places.lock_path()))
    return told


def alive(pid: int) -> bool:
    """Whether the process runs. A zombie does not: where nobody reaps, it would stay for ever."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's process has the number now
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return True  # no /proc here, or it ended just now: the next look will tell
