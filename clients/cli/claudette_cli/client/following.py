"""Owns following one chat across connections: subscribes, folds, resumes by cursor.

A daemon that died is started again. One that was shut down in order is not: a new one is
waited for a while, because that is what a restart looks like from here.
"""

from __future__ import annotations

import time

from claudette_cli.client import finding
from claudette_cli.client.connection import Connection
from claudette_cli.client.daemon import connect
from claudette_cli.client.fold import Fold
from claudette_cli.exits import NO_DAEMON, Disconnected, Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.client.fold import Change
    from claudette_cli.client.waiting import Others

RESTART_SECONDS = 15.0
AWAY_SECONDS = 600.0
"""How long a daemon on another machine is looked for: a network comes back later."""
_PAUSE = 0.02
_PAUSE_AWAY = 1.0
_PIECE = 256 * 1024


class Following:
    """Keeps `fold` at the daemon's side of a chat. Whoever makes it closes it."""

    def __init__(
        self,
        chat_id: str,
        tap: Callable[[dict[str, Any]], None] | None = None,
        env: dict[str, str] | None = None,
        others: Others | None = None,
    ) -> None:
        """`tap` is given everything the daemon says, as it says it; `env` is what an attach brings
        to the chat; `others` learn of all other chats."""
        self.chat_id = chat_id
        self._tap = tap or (lambda _: None)
        self._env = env
        self._others = others
        self.fold = Fold()
        self._connection: Connection | None = None

    def __enter__(self) -> Following:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def connection(self) -> Connection | None:
        """To wait on together with something else; None while there is none."""
        return self._connection

    def interrupt(self) -> None:
        """Ends a `take` that waits in another thread."""
        if self._connection is not None:
            self._connection.interrupt()

    def take(self) -> list[Change]:
        """What happened next, waited for. Connects if it must; `disconnected` comes before a
        wait for a new daemon, so that a screen can say so."""
        try:
            if self._connection is None:
                return self._open()
            return self._apply(self._connection.arrived())
        except Disconnected:
            self.close()
            return [("disconnected", None)]

    def catch_up(self) -> list[Change]:
        """Everything the daemon has published until now, without waiting for more."""
        if self._connection is None:
            return []
        try:
            # The answer comes after everything that was published before it.
            self._connection.request("chat/get", {"chatId": self.chat_id})
            return self._apply(self._connection.arrived()) if self._connection.pending else []
        except Disconnected:
            self.close()
            return [("disconnected", None)]

    def _open(self) -> list[Change]:
        again = f"claudette attach {self.chat_id}"
        self._connection = replacement(again) if self.fold.cursor else connect()
        params: dict[str, Any] = {"chatId": self.chat_id}
        if self.fold.cursor:
            params["after"] = self.fold.cursor
        elif self._env:
            params["env"] = self._env
        result = self._connection.request("event/subscribe", params)
        self._tap(result)
        if self._others is not None:
            self._others.begin(self._connection)
        return self.fold.snapshot(result) + self._fill_gaps(self._connection)

    def _apply(self, frames: list[dict[str, Any]]) -> list[Change]:
        changes: list[Change] = []
        for frame in frames:
            self._tap(frame)
            params = frame["params"]
            if frame["method"] == "lagging":
                raise Disconnected("this client read too slowly")
            if frame["method"] == "balance":
                changes += self.fold.told_balance(params)
            if frame["method"] == "feed":
                changed = self._others is not None and self._others.take(params)
                changes += [("others", None)] if changed else []
            elif params.get("chatId") != self.chat_id:
                continue
            if frame["method"] == "event":
                changes += self.fold.event(params)
            elif frame["method"] == "delta":
                changes += self.fold.delta(params)
        if self.fold.gaps and self._connection is not None:
            changes += self._fill_gaps(self._connection)
        return changes

    def _fill_gaps(self, connection: Connection) -> list[Change]:
        changes: list[Change] = []
        for item_id in list(self.fold.gaps):
            while item_id in self.fold.open:
                offset = self.fold.held(item_id)
                params = {"chatId": self.chat_id, "itemId": item_id, "offset": offset}
                piece = connection.request("item/get", params | {"limit": _PIECE})
                changes += self.fold.fill(item_id, piece["offset"], piece.get("text", ""))
                if not piece.get("text") or self.fold.held(item_id) >= piece["total"]:
                    break
        return changes


def replacement(again: str) -> Connection:
    """A connection to the daemon that comes after the one that went. Fails when none does, and
    names the command that goes on."""
    away = bool(finding.elsewhere())
    deadline = time.monotonic() + (AWAY_SECONDS if away else RESTART_SECONDS)
    while True:
        if finding.crashed():
            return connect()
        found = finding.running()
        if found is not None:
            return found
        if time.monotonic() > deadline:
            raise Failure(
                f"The daemon was shut down; to go on where you were, run: {again}", NO_DAEMON
            )
        time.sleep(_PAUSE_AWAY if away else _PAUSE)
