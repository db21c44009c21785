"""Owns watching one turn from its prompt to its end, and a chat until it settles."""

from __future__ import annotations

from claudette_cli.client.following import Following
from claudette_cli.exits import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from claudette_cli.client.fold import Change, Fold

    Json = dict[str, Any]

    class Viewer(Protocol):
        """Shows what happens, and sees to permissions."""

        def show(self, changes: list[Change]) -> None: ...

        def attend(self, following: Following) -> None:
            """Called before the next change is waited for."""


def watch(following: Following, sent: Json, viewer: Viewer) -> Json:
    """The turn of a message, by the answer to `turn/send`, in its final state. A message that
    steered is watched to the end of the turn it went into."""
    awaited = _Awaited(sent["turnId"], queued=sent["state"] != "running")
    while True:
        changes = following.take()
        viewer.show(changes)
        turn = awaited.end_in(changes)
        if turn is None and awaited.missing(following.fold):
            # Its start may be on the way.
            more = following.catch_up()
            viewer.show(more)
            turn = awaited.end_in(more)
            if turn is None and awaited.missing(following.fold):
                turn = awaited.removed(following.chat_id)
        if turn is not None:
            return turn
        viewer.attend(following)


def settle(following: Following, *, asked_too: bool) -> Json | None:
    """The chat's last turn, once nothing runs or is about to; None when a permission waits
    instead, if `asked_too`. Fails for a chat without a turn."""
    if not following.fold.cursor:
        following.take()
    while True:
        if asked_too and following.fold.permissions:
            return None
        if _settled(following.fold):
            # The next turn may be about to start.
            following.catch_up()
            if _settled(following.fold):
                break
        following.take()
    turn = following.fold.turn
    if turn is None:
        raise Failure(f"The chat has no turn yet; send one: claudette send {following.chat_id} …")
    return dict(turn)


def _settled(fold: Fold) -> bool:
    about_to_run = fold.queue and not fold.queue_paused
    return not (fold.running or about_to_run or fold.compacting)


class _Awaited:
    """Recognises what becomes of one message in the changes of its chat."""

    def __init__(self, turn_id: str, *, queued: bool) -> None:
        self._turn_id = turn_id
        self._was_queued = queued

    def end_in(self, changes: list[Change]) -> Json | None:
        for name, event in changes:
            if name == "turn/steered" and event["turn"]["id"] == self._turn_id:
                self._turn_id = event["turn"]["steers"]
            elif name == "turn/ended" and event["turn"]["id"] == self._turn_id:
                return dict(event["turn"])
        return None

    def missing(self, fold: Fold) -> bool:
        """Whether it was queued and is not there any more."""
        if any(entry["turnId"] == self._turn_id for entry in fold.queue):
            self._was_queued = True
            return False
        started = fold.turn is not None and fold.turn["id"] == self._turn_id
        return self._was_queued and not started

    def removed(self, chat_id: str) -> Json:
        return {"id": self._turn_id, "chatId": chat_id, "state": "removed", "reason": "stopped"}
