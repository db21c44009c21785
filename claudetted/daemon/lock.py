"""Owns the lock that makes the daemon the only one for its data, and says where it listens."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


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
        yield
        _write(file, {})


def _take(file: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = _holder(file)
        raise AlreadyRunning(
            f"A daemon is running already for {path.parent} (pid {holder}): "
            "use it, or end it with `claudette shutdown`."
        ) from None


def _holder(file: BinaryIO) -> object:
    try:
        return json.loads(file.read() or b"{}").get("pid", "unknown")
    except ValueError:
        return "unknown"


def _write(file: BinaryIO, content: dict[str, object]) -> None:
    """One write of one line: a reader sees the old or the new one."""
    file.seek(0)
    line = json.dumps(content).encode() + b"\n"
    os.ftruncate(file.fileno(), 0)
    os.pwrite(file.fileno(), line, 0)
