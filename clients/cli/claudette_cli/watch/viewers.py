"""Owns how a watched turn is shown: into a pipe, as JSON, or on a terminal that answers cards."""

from __future__ import annotations

from claudette_cli.client import deciding
from claudette_cli.client.daemon import Daemon
from claudette_cli.client.following import Following
from claudette_cli.client.reading import whole_request, whole_text
from claudette_cli.exits import ASKED, Failure, Refused
from claudette_cli.rendering import cards
from claudette_cli.rendering.cards import how_to_answer, subject
from claudette_cli.terminal import keys
from claudette_cli.terminal.output import Terminal, harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.client.fold import Change

    Json = dict[str, Any]


class AnswerViewer:
    """Collects the messages of the turn as they become final; withdrawn attempts never show.

    With an `output` they are written to it at once, as plain text with an empty line between.
    """

    def __init__(
        self, chat_id: str, turn_id: str, output: Terminal | None, *, patient: bool = False
    ) -> None:
        self._chat_id = chat_id
        self._turn_id = turn_id
        self._output = output
        self._patient = patient
        self.texts: list[str] = []

    def show(self, changes: list[Change]) -> None:
        for name, event in changes:
            if name == "item/closed" and event["item"]["kind"] == "message":
                self._message(event["item"])
            elif name == "turn/steered" and event["turn"]["id"] == self._turn_id:
                self._turn_id = event["turn"]["steers"]

    def attend(self, following: Following) -> None:
        """Nobody is here to decide: says so, and leaves the agent waiting."""
        waiting = list(following.fold.permissions.values())
        if waiting and not self._patient:
            rows = "".join(f"\n  {subject(one)}\n    {how_to_answer(one)}" for one in waiting)
            raise Failure(f"The agent waits for a permission; answer it with:{rows}", ASKED)

    def _message(self, item: Json) -> None:
        if item.get("turnId") != self._turn_id or item["status"] == "discarded":
            return
        with Daemon() as daemon:
            text = whole_text(daemon, self._chat_id, item).strip("\n")
        if not text:
            return
        if self._output is not None:
            self._output.say(("\n" if self.texts else "") + harmless(text))
        self.texts.append(text)


class ScreenViewer:
    """Markdown as it grows, and cards that are answered with one key."""

    def __init__(self, output: Terminal, following: Following, reading: keys.Keys | None) -> None:
        # Imported here: only a terminal pays for rich.
        from claudette_cli.rendering.scroll import Scroll
        from claudette_cli.rendering.stage import Stage

        self._output = output
        self._keys = reading
        self._scroll = Scroll(following.fold, output, history=False)
        self._stage = Stage(output)
        self._fold = following.fold
        self._asked = ""
        self._viewed: dict[str, Json] = {}
        """Requests that are longer than their cards and were shown whole."""
        if reading:
            reading.resumed = self._show_again
        # What was there before: no history, but what waits for an answer.
        self.show([("snapshot", "")])

    def show(self, changes: list[Change]) -> None:
        final = [line for change in changes for line in self._scroll.take(change)]
        self._turn_to_card()
        self._stage.show(final, [*self._scroll.tail(self._stage.height), *self._prompt()])

    def attend(self, following: Following) -> None:
        waiting = self._waiting
        if waiting is None or self._keys is None or following.connection is None:
            return
        waiting = self._viewed.get(waiting["id"], waiting)
        while key := self._keys.pressed_before(following.connection):
            hidden = cards.must_be_viewed(waiting)
            if hidden and key == cards.VIEW:
                waiting = self._show_whole(waiting)
            elif hidden and key in cards.SCOPE_KEYS:
                self._stage.show([hidden], self._prompt())
            elif key in cards.SCOPE_KEYS and (scope := cards.scope_of(waiting, key)):
                self._decide(waiting, "allow", scope=scope)
                return
            elif key == "d":
                self._decide(waiting, "deny")
                return
            elif key == "r":
                self._stage.show([], [])
                self._decide(waiting, "deny", self._keys.line("Why not? "))
                return

    def _show_again(self) -> None:
        self._stage.forget()
        self.show([])

    @property
    def _waiting(self) -> Json | None:
        """The permission whose card is shown."""
        return next(iter(self._fold.permissions.values()), None)

    def _turn_to_card(self) -> None:
        """What was typed before a card was shown is no answer to it; a key pressed after is."""
        waiting = self._waiting
        if waiting is not None and self._keys is not None and waiting["id"] != self._asked:
            self._asked = waiting["id"]
            self._keys.discard()

    def _show_whole(self, permission: Json) -> Json:
        with Daemon() as daemon:
            whole = whole_request(daemon, permission)
        self._viewed[permission["id"]] = whole
        if self._keys is not None:
            self._keys.discard()
        self._stage.show(cards.card(whole, self._output), self._prompt())
        return whole

    def _decide(
        self, permission: Json, decision: str, reason: str = "", scope: str = "once"
    ) -> None:
        self._scroll.decided_here.add(permission["id"])
        try:
            deciding.decide(permission, decision, reason, scope)
        except Refused as refused:
            self._scroll.decided_here.discard(permission["id"])
            if not deciding.gone(refused):
                raise

    def _prompt(self) -> list[str]:
        waiting = self._waiting
        if waiting is None or self._keys is None:
            return []
        shown = self._viewed.get(waiting["id"], waiting)
        rows = cards.keys(shown, self._output.width - 1)
        return [self._output.paint(row, "bold") for row in rows]
