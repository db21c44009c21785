"""Owns what the engine is told about the machine: where things lie, and what paths really are."""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

Wanted = Callable[[str], bool]


class Disk(Protocol):
    """The only questions the engine asks the file system. Answers are for this call, not kept."""

    def real(self, path: str) -> str:
        """The absolute path without symlinks; what does not exist yet stays as written."""

    def is_link(self, path: str) -> bool:
        """Whether the last name of a path is a symlink; what does not exist is none."""

    def matches(self, pattern: str) -> Sequence[str] | None:
        """The names a shell would put for a pattern, real; None when they are too many."""

    def text(self, path: str) -> str | None:
        """What a small file holds; None where there is none, or none that can be read whole."""

    def is_plain_below(self, directory: str) -> bool:
        """Whether all names below a real directory are letters, digits and `._-+@,=`, none begins
        with `-`, no link leads out, and there are few enough to look at all."""

    def below(self, top: str, wanted: Wanted, depth: int | None) -> Sequence[str] | None:
        """The wanted paths below a directory, not deeper than that many names, without what lies
        below a wanted one; None when there is too much to look at."""

    def exists(self, path: str) -> bool:
        """Whether there is something at a real path."""

    def repository(self, workspace: str) -> Sequence[str]:
        """The real directories of a workspace's Git repository that lie elsewhere, as those of a
        linked worktree do."""


class Places(msgspec.Struct, frozen=True):
    """Where things lie. Every path is absolute and real."""

    home: str
    data_dir: str
    runtime_dir: str
    disk: Disk
    docs: tuple[str, ...] = ()
    """Directories of the harness's own documentation and of enabled skills: readable."""
    programs: tuple[str, ...] = ()
    """Where the daemon and the command line run from: to write there asks."""
    config_dir: str = ""
    sockets: tuple[str, ...] = ()
    """Where programs of the user's session listen that would run things for whoever asks."""
    case_insensitive: bool = False
    """Whether names that differ in case are the same file, as on a Mac's volume."""
    reads_unasked: bool = False
    """Whether commands that only read run unasked at standard: a box has to hold them."""


def temp_dir(chat_dir: str) -> str:
    """The chat's own TMPDIR."""
    return chat_dir + "/tmp"


_DEEPEST = 100
"""Directories that are followed one by one; nobody nests them deeper."""
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
        deep = path.count("/") > _DEEPEST
        if not path.startswith("/") or path == "/" or deep or _UNTIDY.search(path):
            return self._disk.real(path)
        directory, _, name = path.rpartition("/")
        start = self.real(directory).rstrip("/") if directory else ""
        there = f"{start}/{name}"
        return self._disk.real(there) if self._disk.is_link(there) else there

    def matches(self, pattern: str) -> Sequence[str] | None:
        return self._disk.matches(pattern)

    def text(self, path: str) -> str | None:
        return self._disk.text(path)

    def is_plain_below(self, directory: str) -> bool:
        return self._disk.is_plain_below(directory)

    def below(self, top: str, wanted: Wanted, depth: int | None) -> Sequence[str] | None:
        return self._disk.below(top, wanted, depth)

    def exists(self, path: str) -> bool:
        return self._disk.exists(path)

    def repository(self, workspace: str) -> Sequence[str]:
        return self._disk.repository(workspace)
