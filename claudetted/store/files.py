"""Owns writing a file whole or not at all, for its owner alone, so that it is there when the power
fails. Functions block, and raise OSError."""

import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path


def put(path: Path, data: bytes) -> None:
    """Instead of what is there; its name is on disk after `sync_directory`. By one caller a path at
    a time. What a kill leaves half written goes with the next try."""
    draft = path.with_name(f"{path.name}.claudetted-new")
    draft.unlink(missing_ok=True)
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            _sync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise


def sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    """On macOS fsync alone leaves the bytes in the drive's cache."""
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)
