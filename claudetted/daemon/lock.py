"""Owns the locks that make the daemon the only one for its data and for its sockets' directory, and
say where it listens."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from claudetted.sidecar import keeper_launch
from claudetted.sidecar.reports import KeeperFailed


class AlreadyRunning(Exception):
    """Another daemon has this data directory."""


@contextmanager
def locked(path: Path, describe: dict[str, object]) -> Iterator[None]:
    """Holds the lock and writes into it what clients need to find the daemon.

    The kernel frees it when the process ends, however it ends; the file stays and is rewritten.
    Raises AlreadyRunning.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        _take(file, path)
        _write(file, describe)
        try:
            yield
        finally:
            _write(file, {})


@contextmanager
def runtime_locked(path: Path, data: Path) -> Iterator[None]:
    """Holds the sockets' directory for one data directory. Raises AlreadyRunning.

    What it says outlives the daemon: the keeper there holds agents that only this data knows.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(_belongs(path, _said(file).get("data"), "daemon")) from None
        first = _said(file).get("data")
        if first not in (None, str(data)) and _has_keeper(path.with_name("keeper.sock")):
            raise AlreadyRunning(_belongs(path, first, "keeper, with its agents,"))
        _write(file, {"data": str(data)})
        yield


def _belongs(path: Path, first: object, who: str) -> str:
    return (
        f"The runtime directory {path.parent} belongs to the data directory {first}, whose {who} "
        "runs: use that one, or set CLAUDETTED_RUNTIME_DIR to another directory."
    )


def _has_keeper(path: Path) -> bool:
    try:
        peer = keeper_launch.connect(path)
    except KeeperFailed:
        return True
    if peer:
        peer.close()
    return peer is not None


def _take(file: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _said(file).get("pid", "unknown")
        raise AlreadyRunning(
            f"A daemon is running already for {path.parent} (pid {holder}): "
            "use it, or end it with `claudette shutdown`."
        ) from None


def _said(file: BinaryIO) -> dict[str, object]:
    try:
        return dict(json.loads(file.read() or b"{}"))
    except ValueError:
        return {}


def _write(file: BinaryIO, content: dict[str, object]) -> None:
    """One write of one line: a reader sees the old or the new one."""
    file.seek(0)
    line = json.dumps(content).encode() + b"\n"
    os.ftruncate(file.fileno(), 0)
    os.pwrite(file.fileno(), line, 0)
