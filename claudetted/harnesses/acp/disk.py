"""Owns what an adapter reads and writes beside its pipes: a session's name, files that change."""

import os
from typing import Protocol

READ_BYTES = 4 * 1024 * 1024
"""A longer file is not compared with what would become of it."""


class Disk(Protocol):
    def text(self, path: str) -> str | None:
        """The whole text of a file; None when there is none that can be read as text."""

    def write(self, path: str, text: str) -> None:
        """A file of its own for the user alone. Raises OSError."""

    def read(self, path: str) -> bytes:
        """Raises OSError."""

    def real(self, path: str) -> str:
        """The path without links."""


class RealDisk:
    def text(self, path: str) -> str | None:
        try:
            with open(path, encoding="utf-8", newline="") as file:
                found = file.read(READ_BYTES + 1)
        except (OSError, ValueError):
            return None
        return found if len(found) <= READ_BYTES else None

    def write(self, path: str, text: str) -> None:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        draft = f"{path}.new"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)

    def read(self, path: str) -> bytes:
        with open(path, "rb") as file:
            return file.read()

    def real(self, path: str) -> str:
        return os.path.realpath(path)
