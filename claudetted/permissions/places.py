"""Owns what the engine is told about the machine: where things lie, and what paths really are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Disk(Protocol):
    """The only questions the engine asks the file system. Answers are for this call, not kept."""

    def real(self, path: str) -> str:
        """The absolute path without symlinks; what does not exist yet stays as written."""

    def is_link(self, path: str) -> bool:
        """Whether the last name of a path is a symlink; what does not exist is none."""

    def matches(self, pattern: str) -> Sequence[str] | None:
        """The names a shell would put for a pattern, real; None when they are too many."""


@dataclass(frozen=True)
class Places:
    """Where things lie. Every path is absolute and real."""

    home: str
    data_dir: str
    runtime_dir: str
    disk: Disk
    docs: tuple[str, ...] = ()
    """Directories of the harness's own documentation and of enabled skills: readable."""
    case_insensitive: bool = False
    """Whether names that differ in case are the same file, as on a Mac's volume."""


def temp_dir(chat_dir: str) -> str:
    """The chat's own TMPDIR."""
    return chat_dir + "/tmp"


_UNTIDY = re.compile(r"//|/\.\.?(?:/|$)|./$")


class Glance:
    """A disk that is asked each question once: what one call sees stays the same for it.

    The rules name many files in few directories, so each directory is followed once.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._real: dict[str, str] = {}

    def real(self, path: str) -> str:
        found = self._real.get(path)
        if found is None:
            found = self._real[path] = self._follow(path)
        return found

    def is_link(self, path: str) -> bool:
        return self._disk.is_link(path)

    def _follow(self, path: str) -> str:
        if not path.startswith("/") or path == "/" or _UNTIDY.search(path):
            return self._disk.real(path)
        directory, _, name = path.rpartition("/")
        start = self.real(directory).rstrip("/") if directory else ""
        there = f"{start}/{name}"
        return self._disk.real(there) if self._disk.is_link(there) else there

    def matches(self, pattern: str) -> Sequence[str] | None:
        return self._disk.matches(pattern)
