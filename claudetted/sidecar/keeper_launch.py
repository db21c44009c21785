"""Owns finding the keeper of a socket, or starting it where the daemon's end cannot reach it."""

import os
import socket
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio

from claudetted.sidecar.capture import marked
from claudetted.sidecar.keeper.__main__ import TRY_AGAIN
from claudetted.sidecar.keeper.connection import peer_of
from claudetted.sidecar.keeper.marks import is_marked
from claudetted.sidecar.reports import KeeperFailed
from claudetted.sidecar.service import command

UNIT = "claudetted-keeper.service"
NO_SUCH_UNIT = 5
AGAIN_AFTER = 0.02
"""Seconds. A keeper on its way out holds its lock for a moment, and lets nobody in."""

Starter = Callable[[Path], Awaitable[None]]


async def ensure_keeper(socket_path: Path, start: Starter | None = None) -> socket.socket:
    """Connects to the keeper, starting one when there is none, for as long as it takes.

    Two daemons may call this at once: the keeper's lock lets only one of two keepers live.
    """
    while (peer := connect(socket_path)) is None:
        await (start or _starter())(socket_path)
        if (peer := connect(socket_path)) is not None:
            return peer
        await trio.sleep(AGAIN_AFTER)
    return peer


def connect(socket_path: Path) -> socket.socket | None:
    """None when nobody listens. Raises KeeperFailed when what listens is an agent's: it would be
    given every key, and answer as every agent."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.setblocking(False)
    try:
        peer.connect(os.fspath(socket_path))
    except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
        peer.close()
        return None
    except OSError as fault:
        peer.close()
        raise KeeperFailed(f"The keeper's socket {socket_path} cannot be used: {fault}.") from fault
    pid, _ = peer_of(peer)
    if _is_keeper(pid):
        return peer
    peer.close()
    raise KeeperFailed(
        f"A program that an agent has started listens at the keeper's socket {socket_path}: "
        f"end it (pid {pid})."
    )


def _is_keeper(pid: int) -> bool:
    try:
        return not is_marked(pid)
    except ProcessLookupError:
        return True  # it has just ended, and whoever reads will notice


async def start_detached(socket_path: Path, idle: float | None = None) -> None:
    """Returns when it listens. In a session of its own and nobody's child."""
    words = command(socket_path, detach=True, idle=idle)
    ended = await trio.run_process(
        words, stdin=subprocess.DEVNULL, capture_stdout=True, capture_stderr=True, check=False
    )
    if ended.returncode not in (0, TRY_AGAIN):
        why = ended.stderr.decode(errors="replace").strip().splitlines()
        raise KeeperFailed(why[-1] if why else f"The keeper exited with code {ended.returncode}.")


async def start_unit(socket_path: Path) -> None:
    """A process that we start ourselves would belong to the daemon's own unit."""
    words = marked(["systemctl", "--user", "start", UNIT], os.environ)
    ended = await trio.run_process(words, capture_stdout=True, capture_stderr=True, check=False)
    if ended.returncode == NO_SUCH_UNIT:
        await start_detached(socket_path)
    elif ended.returncode:
        raise KeeperFailed(f"systemd did not start {UNIT}: see `systemctl --user status {UNIT}`.")


def _starter() -> Starter:
    # systemd sets this for the unit's main process alone; its children inherit another's pid.
    if os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid()):
        return start_unit
    return start_detached
