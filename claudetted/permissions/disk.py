"""Owns the one look at the file system that the engine takes, through `places.Disk`."""

import itertools
import os
import re
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from claudetted.permissions import trees
from claudetted.permissions.places import Wanted

MOST_NAMES = 500
MOST_LOOKED_AT = 5_000
"""So many names are compared with a pattern; a command may name the whole file system."""

_WILD = re.compile(r"[*?\[]")
_LITERAL = re.compile(r"\[([*?\[])\]")
LONGEST_TEXT = 64 * 1024
MOST_BELOW = 5_000
"""So many names are looked at below a directory whose listing is read by another command."""
_PLAIN = re.compile(r"[\w.+@,=%~][\w.+@,=%~-]*")


class RealDisk:
    """Answers from the file system as it is at the moment of asking.

    What no file can be called (a NUL in it, no text of the file system's) is not there.
    """

    def real(self, path: str) -> str:
        try:
            return os.path.realpath(path)
        except (ValueError, RecursionError):
            # The kernel opens neither such a name nor so many links in a row.
            return os.path.normpath(path)

    def is_link(self, path: str) -> bool:
        return os.path.islink(path)

    def matches(self, pattern: str) -> Sequence[str] | None:
        try:
            found = _Look().names(pattern)
        except _TooManyError:
            return None
        except ValueError:
            return []
        return None if len(found) > MOST_NAMES else [self.real(name) for name in found]

    def text(self, path: str) -> str | None:
        try:
            # Whoever made the file could have made a pipe, which would keep us waiting.
            opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            return None
        try:
            regular = stat.S_ISREG(os.fstat(opened).st_mode)
            content = os.read(opened, LONGEST_TEXT + 1) if regular else None
        finally:
            os.close(opened)
        if content is None:
            return None
        return content.decode(errors="replace") if len(content) <= LONGEST_TEXT else None

    def is_plain_below(self, directory: str) -> bool:
        entries = itertools.islice(_entries(directory), MOST_BELOW + 1)
        count = 0
        for entry in entries:
            count += 1
            if not _PLAIN.fullmatch(entry.name) or (
                entry.is_symlink() and _leaves(entry, directory)
            ):
                return False
        return count <= MOST_BELOW

    def exists(self, path: str) -> bool:
        return os.path.lexists(path)

    def below(self, top: str, wanted: Wanted, depth: int | None) -> Sequence[str] | None:
        return trees.below(top, wanted, depth)

    def repository(self, workspace: str) -> Sequence[str]:
        return trees.repository(workspace)


class _TooManyError(Exception):
    """More names were looked at than a command is worth."""


class _Look:
    """One look for the names that an absolute pattern finds."""

    def __init__(self) -> None:
        self.looked_at = 0

    def names(self, pattern: str) -> list[str]:
        first, *parts = pattern.split("/")
        found = [first]
        for place, part in enumerate(parts):
            last = place == len(parts) - 1
            found = [name for start in found for name in self._below(start, part, last)]
        return found

    def _below(self, start: str, part: str, last: bool) -> Iterator[str]:
        """Names in a directory, and only directories where more has to follow."""
        literal = _LITERAL.sub(r"\1", part)
        self._count()
        if part == "":
            if not last or os.path.isdir(start + "/"):
                yield start + "/" * last
        elif _WILD.search(_LITERAL.sub("", part)) is None:
            path = f"{start}/{literal}"
            if os.path.lexists(path) if last else os.path.isdir(path):
                yield path
        else:
            yield from self._listed(start, part, last)

    def _listed(self, start: str, part: str, last: bool) -> Iterator[str]:
        for name in self._entries(start + "/"):
            hidden = name.startswith(".") and not part.startswith(".")
            if not hidden and fnmatchcase(name, part):
                path = f"{start}/{name}"
                if last or os.path.isdir(path):
                    yield path

    def _entries(self, directory: str) -> Iterator[str]:
        """The names in a directory; none where it cannot be listed, as for a shell."""
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    self._count()
                    yield entry.name
        except OSError:
            return

    def _count(self) -> None:
        self.looked_at += 1
        if self.looked_at > MOST_LOOKED_AT:
            raise _TooManyError


def _entries(directory: str) -> Iterator[os.DirEntry[str]]:
    """Everything below a directory but what git keeps, which is not written without a question.

    Links are not followed, and what cannot be read is empty.
    """
    waiting = [directory]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False) and entry.name != ".git":
                        waiting.append(entry.path)
        except OSError:
            continue


def _leaves(entry: os.DirEntry[str], directory: str) -> bool:
    real = os.path.realpath(entry.path)
    return not real.startswith(directory.rstrip("/") + "/")
