"""Owns watching one turn from its prompt to its end; a viewer shows it and sees to permissions."""

from __future__ import annotations

import contextlib

from claudette_cli.exits import Disconnected
from claudette_cli.following import Following

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from claudette_cli.fold import Change

    Json = dict[str, Any]

    class Viewer(Protocol):
        """Shows what happens, and sees to permissions."""

        def show(self, changes: list[Change]) -> None: ...

        def attend(self, following: Following) -> None:
            """Called before the next change is waited for."""


def watch(following: Following, turn_id: str, viewer: Viewer) -> Json:
    """The turn in its final state. A message that steered is watched to the end of its turn."""
    ends = _Ends(turn_id)
    while True:
        changes = following.take()
        viewer.show(changes)
        turn = ends.seen(changes)
        if turn is None and ends.waited_in_vain(following):
            turn = {"id": turn_id, "state": "removed", "reason": "stopped"}
        if turn is not None:
            return turn
        viewer.attend(following)


class _Ends:
    """Recognises the end of one turn in the changes of its chat."""

    def __init__(self, turn_id: str) -> None:
        self._turn_id = turn_id
        self._queued = False
        self._checked = False

    def seen(self, changes: list[Change]) -> Json | None:
        for name, event in changes:
            if name == "turn/steered" and event["turn"]["id"] == self._turn_id:
                self._turn_id = event["turn"]["steers"]
            elif name == "turn/ended" and event["turn"]["id"] == self._turn_id:
                return dict(event["turn"])
        return None

    def waited_in_vain(self, following: Following) -> bool:
        """Whether the message was queued and somebody removed it."""
        fold = following.fold
        if any(entry["turnId"] == self._turn_id for entry in fold.queue):
            self._queued, self._checked = True, False
            return False
        started = fold.turn is not None and fold.turn["id"] == self._turn_id
        if not self._queued or started:
            self._queued = False
            return False
        if self._checked:
            return True
        # Its start may be on the way: an answer comes after what was published before it.
        self._checked = True
        if following.connection is not None:
            with contextlib.suppress(Disconnected):
                following.connection.request("chat/get", {"chatId": following.chat_id})
        return False
