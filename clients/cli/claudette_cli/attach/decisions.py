"""Owns what a seated person decides: the cards that wait, one by one or all at once."""

from __future__ import annotations

from functools import partial

from claudette_cli.client import deciding
from claudette_cli.client.daemon import Daemon
from claudette_cli.client.reading import whole_request
from claudette_cli.exits import Refused
from claudette_cli.rendering import cards

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.attach.errands import Errands
    from claudette_cli.attach.picture import Picture
    from claudette_cli.terminal.output import Terminal

    Json = dict[str, Any]
    Say = Callable[[list[str]], None]


class Decisions:
    """`decided_here` are the requests whose end is ours; `say` prints lines, `tell` a sentence."""

    def __init__(
        self,
        terminal: Terminal,
        errands: Errands,
        decided_here: set[str],
        say: Say,
        tell: Callable[[str], None],
    ) -> None:
        self._terminal = terminal
        self._errands = errands
        self._decided_here = decided_here
        self._say = say
        self._tell = tell
        self._listed: set[str] = set()
        """The requests that the person was shown together."""
        self._viewed: dict[str, Json] = {}
        """Requests that are longer than their cards and were shown whole."""

    def decide(
        self, picture: Picture | None, decision: str, reason: str = "", scope: str = "once"
    ) -> None:
        """About the first card of the picture."""
        permission = self._first(picture)
        if permission is None:
            return
        permission = self._viewed.get(permission["id"], permission)
        if decision == "allow" and (hidden := cards.must_be_viewed(permission)):
            self._tell(hidden)
            return
        self._errands.aside(lambda: self._decide(permission, decision, reason, scope))

    def allow_all(self, picture: Picture | None) -> None:
        """What waits now, once it was listed; the next call allows what was listed."""
        waiting = [
            self._viewed.get(one["id"], one) for one in (picture.permissions if picture else [])
        ]
        ids = {one["id"] for one in waiting}
        if not ids or not ids <= self._listed:
            self._listed = ids
            rows = cards.together(waiting, self._terminal.width - 1)
            self._say([self._terminal.paint(rows[0], "bold"), *rows[1:], ""])
            return
        self._listed = set()
        for permission in waiting:
            if not cards.must_be_viewed(permission):
                self._errands.in_order(partial(self._decide, permission, "allow", "", "once"))

    def view(self, picture: Picture | None) -> None:
        permission = self._first(picture)
        if permission is not None:
            self._errands.aside(lambda: self._print_whole(permission))

    def _first(self, picture: Picture | None) -> Json | None:
        permission = picture.permission if picture else None
        if permission is None:
            self._tell("Nothing waits for a decision.")
        return permission

    def _decide(self, permission: Json, decision: str, reason: str, scope: str) -> None:
        self._decided_here.add(permission["id"])
        try:
            deciding.decide(permission, decision, reason, scope)
        except Refused as refused:
            self._decided_here.discard(permission["id"])
            if not deciding.gone(refused):
                raise

    def _print_whole(self, permission: Json) -> None:
        with Daemon() as daemon:
            whole = whole_request(daemon, permission)
        self._viewed[permission["id"]] = whole
        self._say([*cards.card(whole, self._terminal), ""])
