"""Owns looking through a chat: every tool call and thought can be opened and folded where it is.

Pure: what is drawn and which keys there are, `reviewing` knows.
"""

from __future__ import annotations

from claudette_cli.rendering.items import Painter
from claudette_cli.rendering.wrapping import wrapped
from claudette_cli.terminal.output import clip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from claudette_cli.terminal.output import Terminal

    Json = dict[str, Any]

FOLDED = ("tool", "reasoning")
"""Kinds of items of which a part is shown."""
HINT = "↑ ↓ choose · Enter opens and folds · PgUp PgDn scroll · q goes back"


class Review:
    """The items of a chat, one of them chosen. `at` counts those that can be opened."""

    def __init__(self, items: list[Json], terminal: Terminal) -> None:
        self._items = [one for one in items if one["status"] != "discarded"]
        self._terminal = terminal
        self._folding = [one for one in self._items if one["kind"] in FOLDED]
        self._numbers = {one["id"]: at for at, one in enumerate(reversed(self._folding), 1)}
        self.at = len(self._folding) - 1
        self._texts: dict[str, str] = {}
        """The whole texts of what is open, by item."""
        self._top = 0
        self._follow = True
        """Whether the chosen one has to be on the screen."""

    @property
    def chosen(self) -> Json | None:
        return self._folding[self.at] if self._folding else None

    def move(self, by: int) -> None:
        self.at = max(0, min(len(self._folding) - 1, self.at + by))
        self._follow = True

    def scroll(self, rows: int) -> None:
        self._top += rows
        self._follow = False

    def is_open(self, item: Json) -> bool:
        return item["id"] in self._texts

    def open(self, item: Json, text: str) -> None:
        self._texts[item["id"]] = text
        self._follow = True

    def fold(self, item: Json) -> None:
        del self._texts[item["id"]]
        self._follow = True

    def rows(self, height: int, width: int) -> list[str]:
        """Styled rows, no more than the screen has."""
        rows: list[str] = []
        first, last = 0, 0
        for item in self._items:
            shown = [row for line in self._block(item) for row in wrapped(line, width - 1)]
            if item is self.chosen:
                first, last = len(rows), len(rows) + len(shown)
            rows += shown
        if self._follow:
            self._top = self._top if last <= self._top + height else last - height
            self._top = min(self._top, first)
        self._top = max(0, min(self._top, len(rows) - height))
        return rows[self._top : self._top + height]

    def _block(self, item: Json) -> Iterator[str]:
        if item["kind"] not in FOLDED:
            yield from self._passed(item)
            return
        number = self._numbers[item["id"]]
        mark = self._terminal.paint("▶" if item is self.chosen else " ", "bold", "cyan")
        whole = self.is_open(item)
        shown = item | {"text": self._texts.get(item["id"], item.get("text", ""))}
        head, *rest = Painter(self._terminal, whole=whole).item(shown) or [""]
        yield f"{mark}{self._terminal.paint(f'{number:>3}', 'dim')} {head}"
        yield from (f"     {line}" for line in (rest if whole else ()))

    def _passed(self, item: Json) -> Iterator[str]:
        """What can be read on the screen below is named only."""
        text = clip(item.get("text", ""), self._terminal.width - 8)
        if text:
            mark = "▸ " if item["kind"] == "user" else "  "
            yield "     " + self._terminal.paint(f"{mark}{text}", "dim")


def counted(items: list[Json], number: int) -> Json | None:
    """The tool call or thought of this number, counted from the last."""
    folding = [one for one in items if one["kind"] in FOLDED and one["status"] != "discarded"]
    return folding[-number] if 0 < number <= len(folding) else None
