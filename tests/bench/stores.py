"""Owns stores with much in them: what one real chat left on disk, many times over."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.bench.world import World

SAMPLE_TURNS = 3
LONG_CHATS = 5
"""Chats with a long history: each can be attached once without having been loaded before."""


@dataclass(frozen=True)
class Size:
    chats: int
    events: int
    """Of each chat."""
    long: int
    """Events of each long chat."""


def name(n: int) -> str:
    """The id of a copy. The long chats come first."""
    return f"copy{n:08d}"


def fill(world: World, size: Size) -> None:
    """Starts the daemon for a sample, stops it, and multiplies what it stored."""
    sample = _make_sample(world)
    database = sqlite3.connect(world.data / "claudetted.db", isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("BEGIN")
    database.execute("DELETE FROM sidecar")
    copier = _Copier(database, sample)
    for n in range(LONG_CHATS + size.chats):
        copier.copy(name(n), size.long if n < LONG_CHATS else size.events)
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _make_sample(world: World) -> str:
    with world.daemon, world.client() as client:
        chat = world.chat(client)
        for _ in range(SAMPLE_TURNS):
            order = json.dumps({"do": "burst", "lines": 40})
            client.call("turn/send", chatId=chat, text=order)
            client.call("turn/wait", chatId=chat)
        client.call("daemon/shutdown", agents=True)
        world.daemon.wait()
    return chat


class _Copier:
    def __init__(self, database: sqlite3.Connection, sample: str) -> None:
        self._database = database
        self._old = sample.encode()
        self._chat: tuple[Any, ...]
        self._events = self._rows("SELECT at, body FROM event WHERE chat_id = ? ORDER BY seq")
        self._items = self._rows("SELECT id, body FROM item WHERE chat_id = ? ORDER BY n")
        (self._chat,) = self._rows("SELECT archived, updated_at, state, env FROM chat WHERE id = ?")

    def copy(self, new: str, events: int) -> None:
        archived, updated_at, state, env = self._chat
        sequence = b'"seq":%d' % len(self._events)
        assert sequence in state
        state = self._renamed(state, new).replace(sequence, b'"seq":%d' % events)
        self._database.execute(
            "INSERT INTO chat (id, archived, updated_at, seq, state, agent, env)"
            " VALUES (?, ?, ?, ?, ?, '{}', ?)",
            (new, archived, updated_at, events, state, env),
        )
        self._database.executemany(
            "INSERT INTO event (chat_id, seq, at, body) VALUES (?, ?, ?, ?)",
            self._repeated(self._events, new, events),
        )
        self._database.executemany(
            "INSERT INTO item (chat_id, n, id, body) VALUES (?, ?, ? || '.' || ?2, ?)",
            self._repeated(self._items, new, events * len(self._items) // len(self._events)),
        )

    def _repeated(
        self, rows: list[tuple[str, bytes]], new: str, count: int
    ) -> Iterator[tuple[str, int, str, bytes]]:
        renamed = [(first, self._renamed(body, new)) for first, body in rows]
        for n in range(count):
            yield (new, n + 1, *renamed[n % len(renamed)])

    def _renamed(self, body: bytes, new: str) -> bytes:
        return body.replace(self._old, new.encode())

    def _rows(self, query: str) -> list[tuple[str, bytes]]:
        return self._database.execute(query, (self._old.decode(),)).fetchall()
