"""Owns cutting growing markdown into pieces that will not change any more."""

from __future__ import annotations

import itertools
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claudette_cli.rendering import markdown

SMALL = 4 * 1024
"""Characters that are read again with every line; of more, when a quarter has come."""
_LINE_END = re.compile(r"\r\n?|\n")


class Blocks:
    """A piece is one block or several, whole: a list, a fence or a table stays together.

    Links may be defined below their use: what refers to something that is not defined yet is held
    back. What is defined in another piece is put in front of those that may need it.
    """

    def __init__(self) -> None:
        self._text = ""
        self._defined: dict[str, markdown.Reference] = {}
        self._read = 0

    def feed(self, text: str) -> list[str]:
        """The pieces that `text` completes."""
        self._text += text
        # How a line that is not whole will begin a block, nobody knows.
        whole = self._text.rfind("\n") + 1
        if whole <= self._read or (whole > SMALL and whole < self._read * 1.25):
            return []
        self._read = whole
        from claudette_cli.rendering import markdown

        lines, defined = markdown.settled(self._text[:whole], self._defined)
        return self._cut(lines, defined) if lines else []

    def finish(self) -> list[str]:
        """What is left, when no more will come."""
        rest = self.rest
        left, self._text, self._read = self._text, "", 0
        return [rest] if left.strip() else []

    @property
    def rest(self) -> str:
        """The piece that is still growing."""
        return self._with_definitions(self._text)

    def _cut(self, lines: int, defined: dict[str, markdown.Reference]) -> list[str]:
        ends = itertools.islice(_LINE_END.finditer(self._text), lines - 1, None)
        at = next(ends).end()
        piece, self._text = self._text[:at], self._text[at:]
        self._defined, self._read = defined, 0
        return [self._with_definitions(piece)] if piece.strip() else []

    def _with_definitions(self, text: str) -> str:
        from claudette_cli.rendering import markdown

        needed = self._defined if "[" in text else {}
        before = [markdown.definition(label, told) for label, told in needed.items()]
        return "\n\n".join([*before, text.strip("\r\n")])
