"""Owns cutting growing markdown into blocks that will not change any more."""

from __future__ import annotations


class Blocks:
    """A block ends at a blank line outside a code fence, unless what follows is indented."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._partial = ""
        self._fence = ""

    def feed(self, text: str) -> list[str]:
        """The blocks that `text` completes."""
        *complete, self._partial = (self._partial + text).split("\n")
        return [block for line in complete for block in self._add(line)]

    def finish(self) -> list[str]:
        """What is left, when no more will come."""
        rest = self.rest.strip("\n")
        self._lines, self._partial, self._fence = [], "", ""
        return [rest] if rest.strip() else []

    @property
    def rest(self) -> str:
        """The block that is still growing."""
        return "\n".join([*self._lines, self._partial])

    def _add(self, line: str) -> list[str]:
        done = self._cut() if self._starts_afresh(line) else []
        self._lines.append(line)
        self._follow_fence(line)
        return done

    def _starts_afresh(self, line: str) -> bool:
        after_blank = bool(self._lines) and not self._lines[-1].strip()
        indented = line[:1] in (" ", "\t")
        return after_blank and not self._fence and bool(line.strip()) and not indented

    def _cut(self) -> list[str]:
        block = "\n".join(self._lines).strip("\n")
        self._lines = []
        return [block] if block else []

    def _follow_fence(self, line: str) -> None:
        bare = line.lstrip()
        marks = len(bare) - len(bare.lstrip(bare[:1])) if bare[:1] in ("`", "~") else 0
        if marks < 3:
            return
        if not self._fence:
            self._fence = bare[:marks]
        elif bare.startswith(self._fence) and not bare.strip(bare[:1]).strip():
            self._fence = ""
