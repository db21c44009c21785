"""Owns which files a word or a redirection of a command means, and whether that is a hazard."""

import posixpath
import re
from collections.abc import Iterator
from typing import Literal

from claudetted.permissions import paths
from claudetted.permissions.analysis import Touch
from claudetted.permissions.budget import Budget
from claudetted.permissions.directories import Directories
from claudetted.permissions.hazards import Hazard
from claudetted.permissions.places import Places
from claudetted.permissions.shell.model import Field

_HARMLESS_FILES = frozenset(
    ("/dev/null", "/dev/zero", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty")
)
_DOTS = re.compile(r"(?:^|/)\.[^/]*[*?\[]")
"""A pattern of hidden names: in some versions of bash it finds `..` as well."""
_CONNECTS = ("/dev/tcp/", "/dev/udp/")
_PATTERN_STEPS = 20
"""What one look for names costs in comparison to other steps."""


class Toucher:
    """Notes in `touches` what the words of one command line mean."""

    def __init__(
        self, workspace: str, places: Places, budget: Budget, touches: list[Touch]
    ) -> None:
        self.workspace = workspace
        self.places = places
        self.budget = budget
        self.touches = touches

    def mention(
        self, index: int, word: Field, access: Literal["read", "either"], where: Directories
    ) -> Iterator[Hazard]:
        """What a word names, if it names a file, is touched; outside it is a hazard."""
        real = self.files(word, where)
        if real is None:
            yield Hazard(None, f"What {word.source} finds cannot be told.")
            return
        spelled = index if word.glob is None else None
        for path in real:
            self.touches.append(Touch(path, access))
            if path not in _HARMLESS_FILES and not self.inside(path):
                yield Hazard(spelled, f"{path} lies outside the workspace.", path=path)
            elif access == "either" and "/.git/" in path + "/":
                yield Hazard(spelled, f"{path} belongs to the repository itself.", path=path)

    def listing(self, word: Field, where: Directories) -> Iterator[Hazard]:
        """A pattern of which only the names are used: the shell reads directories to find them."""
        fixed, _, last = (word.glob or "").rpartition("/")
        if paths.is_pattern(fixed) or not last:
            looked = self.files(word, where)
        else:
            rooted = (word.glob or "").startswith("/")
            looked = self._real(fixed or ("/" if rooted else "."), where)
        if looked is None:
            yield Hazard(None, f"What {word.source} finds cannot be told.")
        for path in looked or ():
            self.touches.append(Touch(path, "read"))
            if not self.inside(path):
                why = f"The names of {path} lie outside the workspace."
                yield Hazard(None, why, path=path)

    def redirection(self, operator: str, target: Field, where: Directories) -> Iterator[Hazard]:
        reads = operator == "<"
        unclear = target.text is None or target.text.startswith(_CONNECTS)
        real = None if unclear else self.files(target, where)
        if real is None:
            yield Hazard(None, f"Where {operator} {target.source} leads cannot be told.")
            return
        for path in real:
            if path in _HARMLESS_FILES:
                continue
            self.touches.append(Touch(path, "read" if reads else "write"))
            if not reads:
                yield Hazard(None, f"It writes {path}.", path=path, writes=True)
            elif not self.inside(path):
                yield Hazard(None, f"{path} lies outside the workspace.", path=path)

    def files(self, word: Field, where: Directories) -> list[str] | None:
        """The real paths that a word may mean; None when that cannot be told."""
        self.budget.take(len(where or ()) + 1)
        text = word.bare if word.text is None else word.text
        if word.glob is None:
            return self._real(text, where)
        if _DOTS.search(word.glob):
            return None
        literal = self._real(text, where)
        found = self._found(word.glob, where)
        return None if literal is None or found is None else [*literal, *found]

    def _real(self, text: str, where: Directories) -> list[str] | None:
        """Of a path as it is written. Some programs follow `~` by themselves."""
        if text == "~" or text.startswith("~/"):
            text = self.places.home + text[1:]
        if where is None and not text.startswith("/"):
            return None
        absolute = [posixpath.join(d, text) for d in sorted(where or ("/",))]
        disk = self.places.disk
        return [path if path in _HARMLESS_FILES else disk.real(path) for path in absolute]

    def _found(self, pattern: str, where: Directories) -> list[str] | None:
        """What a pattern finds, and the directory in which it looks."""
        if where is None and not pattern.startswith("/"):
            return None
        real: list[str] = []
        for directory in sorted(where or ("/",)):
            self.budget.take(_PATTERN_STEPS)
            path = posixpath.join(paths.literal(directory), pattern)
            matches = self.places.disk.matches(path)
            if matches is None:
                return None
            real += [self.places.disk.real(paths.fixed_part(path)[0]), *matches]
        return real

    def could_find_an_option(self, where: Directories) -> bool:
        """Whether a pattern that begins with a wildcard may find a name that begins with `-`."""
        for directory in where or ():
            self.budget.take(_PATTERN_STEPS)
            if self.places.disk.matches(f"{paths.literal(directory)}/-*") != []:
                return True
        return where is None

    def inside(self, path: str) -> bool:
        return paths.inside(path, self.workspace, self.places)
