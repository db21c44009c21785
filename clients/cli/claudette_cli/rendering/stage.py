"""Owns a plain terminal while something streams: final lines scroll, the tail is redrawn."""

from __future__ import annotations

from claudette_cli.rendering import markdown
from claudette_cli.terminal.output import Terminal, screen_rows

TAIL_HEIGHT = 12


class Stage:
    """Draws on a terminal; on anything else the tail is left out."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._drawn = 0

    @property
    def height(self) -> int:
        """Lines there are for a tail."""
        if not self._terminal.interactive:
            return 0
        return min(TAIL_HEIGHT, max(1, screen_rows() - 2))

    def forget(self) -> None:
        """Another program has written since: what was drawn stays where it is."""
        self._drawn = 0

    def show(self, final: list[str], tail: list[str]) -> None:
        """Replaces the tail by final lines and another tail."""
        if not final and not tail and not self._drawn:
            return
        erase = f"\x1b[{self._drawn}A\x1b[J" if self._drawn else ""
        self._drawn = sum(markdown.rows(line, self._terminal.width) for line in tail)
        lines = "".join(f"{self._terminal.guarded(line)}\n" for line in [*final, *tail])
        self._terminal.draw(erase + lines)
