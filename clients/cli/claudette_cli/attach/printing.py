"""Owns what `attach` writes into a pipe: finished items as plain text, or the frames as JSON."""

from __future__ import annotations

from claudette_cli.rendering import questions
from claudette_cli.rendering.cards import card, outcome
from claudette_cli.rendering.items import Painter
from claudette_cli.terminal.output import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.client.fold import Change, Fold

    Json = dict[str, Any]


class Printer:
    """Prints changes; with `as_json` the frames it is given, one a line, and no text."""

    def __init__(self, output: Terminal, *, as_json: bool) -> None:
        self._output = output
        self._painter = Painter(output)
        self._as_json = as_json

    def frame(self, frame: Json) -> None:
        """The result of a subscription, or a notification, as the daemon sent it."""
        self._output.json(frame)

    def show(self, fold: Fold, changes: list[Change]) -> set[str]:
        """Returns the names of what happened."""
        for name, about in changes if not self._as_json else ():
            self._print(self._lines(fold, name, about))
        return {name for name, _ in changes}

    def _lines(self, fold: Fold, name: str, about: Any) -> list[str]:
        if name == "snapshot":
            for item in fold.items:
                self._print(self._painter.item(item))
            for permission in fold.permissions.values():
                self._print(card(permission, self._output))
            for question in fold.questions.values():
                self._print(questions.card(question, self._output))
        elif name in ("item/added", "item/closed"):
            return self._painter.item(about["item"])
        elif name == "permission/opened":
            return card(about["permission"], self._output)
        elif name == "question/opened":
            return questions.card(about["question"], self._output)
        elif name == "permission/resolved":
            ours = False
            return [f"{about['permissionId']}: {outcome(about['resolution'], ours=ours)}"]
        elif name == "turn/ended":
            return [self._painter.turn(about["turn"])]
        return []

    def _print(self, lines: list[str]) -> None:
        if lines:
            self._output.say("\n".join(lines) + "\n")
