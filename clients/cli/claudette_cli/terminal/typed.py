"""Owns lines that a person types while something else may happen first."""

from __future__ import annotations

import os
import select
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Source(Protocol):
        def fileno(self) -> int: ...


class Typed:
    """Reads standard input itself: what Python reads ahead would be out of sight of a selector."""

    def __init__(self) -> None:
        self._stdin = sys.stdin.fileno()
        self._rest = b""
        self.over = False
        """Nothing will be typed any more."""

    def line(self) -> str | None:
        """One that is complete, without its end."""
        line, end, rest = self._rest.partition(b"\n")
        if not end and not (self.over and line):
            return None
        self._rest = rest
        return line.decode(errors="replace").strip()

    def wait(self, other: Source, *, listening: bool) -> bool:
        """Whether the other one has something to read; if not, something was typed."""
        sources: list[Source | int] = [other]
        if listening and not self.over:
            sources.append(self._stdin)
        ready = select.select(sources, [], [])[0]
        if self._stdin in ready:
            read = os.read(self._stdin, 4096)
            self._rest += read
            self.over = not read
        return other in ready
