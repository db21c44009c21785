"""Owns keeping the table of `top` up to date: the feed of all chats, streams, and processes."""

from __future__ import annotations

import select
import threading
import time
from functools import partial

from claudette_cli.client.daemon import connect
from claudette_cli.client.following import replacement
from claudette_cli.exits import Disconnected, Failure, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.client.connection import Connection
    from claudette_cli.top.table import Table

    Json = dict[str, Any]

_PERIOD = 2.0
"""Seconds between two looks at the processes, while something runs."""


def look(table: Table) -> None:
    """Fills the table once. Shares of a processor and speeds need a second look."""
    with connect() as connection:
        _subscribe(connection, table)
        _measure(connection, table)


class Watcher:
    """Fills the table in a thread of its own until it is closed; `changed` is called there after
    each change, `failed` with what ends it before."""

    def __init__(
        self,
        table: Table,
        changed: Callable[[], object],
        failed: Callable[[BaseException], object],
    ) -> None:
        self._table = table
        self._changed = changed
        self._failed = failed
        self._connection: Connection | None = None
        self._closed = False
        self._streams: set[str] = set()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        return self

    def start(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._closed = True
        if self._connection is not None:
            self._connection.interrupt()

    def _watch(self) -> None:
        connected: Callable[[], Connection] = connect
        while not self._closed:
            try:
                with connected() as self._connection:
                    self._follow(self._connection)
            except Disconnected:
                connected = partial(replacement, "claudette top")
            except Failure as failure:
                self._failed(failure)
                return

    def _follow(self, connection: Connection) -> None:
        self._streams = set()
        _subscribe(connection, self._table)
        measured = 0.0
        while not self._closed:
            self._follow_streams(connection)
            if time.monotonic() - measured >= _PERIOD:
                _measure(connection, self._table)
                measured = time.monotonic()
            self._changed()
            running = any(_runs(chat) for chat in self._table.chats.values())
            left = max(0.0, measured + _PERIOD - time.monotonic())
            if connection.pending or _readable(connection, left if running else None):
                self._take(connection.arrived())

    def _follow_streams(self, connection: Connection) -> None:
        """What running chats say is counted; the rest is not asked for."""
        running = {chat["id"] for chat in self._table.chats.values() if _runs(chat)}
        for chat_id in running - self._streams:
            _tolerant(connection, "event/subscribe", chat_id)
        for chat_id in self._streams - running:
            _tolerant(connection, "event/unsubscribe", chat_id)
        self._streams = running

    def _take(self, frames: list[Json]) -> None:
        for frame in frames:
            params = frame["params"]
            if frame["method"] == "lagging":
                raise Disconnected("this client read too slowly")
            if frame["method"] == "feed":
                self._table.feed(params)
            elif frame["method"] == "delta":
                self._table.streamed(params["chatId"], params["text"])


def _subscribe(connection: Connection, table: Table) -> None:
    told = connection.request("event/subscribe", {"all": True})
    table.chats = {chat["id"]: chat for chat in told.get("chats", [])}


def _measure(connection: Connection, table: Table) -> None:
    told = connection.request("process/list", {})
    table.measured(told.get("processes", []), time.monotonic())


def _tolerant(connection: Connection, method: str, chat_id: str) -> None:
    try:
        connection.request(method, {"chatId": chat_id})
    except Refused:
        return  # the chat was deleted meanwhile; the feed tells it


def _readable(connection: Connection, seconds: float | None) -> bool:
    return bool(select.select([connection], [], [], seconds)[0])


def _runs(chat: Json) -> bool:
    return bool(chat.get("status", {}).get("name") in ("running", "stopping"))
