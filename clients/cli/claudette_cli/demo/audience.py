"""Owns who watches the demo: a person at a terminal, or nobody and a log."""

from __future__ import annotations

from claudette_cli.client.deciding import decide
from claudette_cli.client.following import Following
from claudette_cli.rendering.cards import card, outcome
from claudette_cli.rendering.items import Painter
from claudette_cli.terminal.output import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from claudette_cli.client.fold import Change
    from claudette_cli.watch.turn import Viewer


class Nobody:
    """Prints what is final, and allows every card after printing it."""

    def __init__(self, output: Terminal) -> None:
        self._output = output
        self._painter = Painter(output)
        self._decided: set[str] = set()

    def show(self, changes: list[Change]) -> None:
        for name, about in changes:
            if name in ("item/added", "item/closed"):
                self._print(self._painter.item(about["item"]))
            elif name == "permission/opened":
                self._print(card(about["permission"], self._output))
            elif name == "permission/resolved":
                ended = outcome(about["resolution"], ours=False)
                self._print([f"{ended}, because nobody is at the keyboard"])
            elif name == "turn/ended":
                self._print([self._painter.turn(about["turn"])])

    def attend(self, following: Following) -> None:
        for permission in list(following.fold.permissions.values()):
            if permission["id"] not in self._decided:
                self._decided.add(permission["id"])
                decide(permission, "allow")

    def _print(self, lines: list[str]) -> None:
        if lines:
            self._output.say("\n".join(lines) + "\n")


class Witness:
    """Stands beside another viewer: acts once when the answer has come to a certain phrase, and
    again when the chat is resumed from a new daemon."""

    def __init__(
        self, viewer: Viewer, phrase: str, act: Callable[[], None], resumed: Callable[[], None]
    ) -> None:
        self._viewer = viewer
        self._phrase = phrase
        self._act: Callable[[], None] | None = act
        self._resumed = resumed

    def show(self, changes: list[Change]) -> None:
        self._viewer.show(changes)
        if any(name == "resumed" for name, _ in changes):
            self._resumed()

    def attend(self, following: Following) -> None:
        texts = [item.get("text", "") for item in following.fold.open.values()]
        if self._act is not None and any(self._phrase in text for text in texts):
            act, self._act = self._act, None
            act()
        else:
            self._viewer.attend(following)
