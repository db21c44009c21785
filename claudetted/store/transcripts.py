"""Owns reading what is stored of chats: lists, items, turns, payloads, answers to keys."""

import sqlite3
from typing import Any

_MOST = 2**62
"""Beyond the end of everything, and still a number for SQLite."""


def list_chats(
    connection: sqlite3.Connection, archived: bool, before: tuple[str, str] | None, limit: int
) -> list[bytes]:
    """States of chats, the last used first, from after the position `before`."""
    where, parameters = "archived = ?", [int(archived)]
    position: list[Any] = []
    if before:
        where += " AND (updated_at, id) < (?, ?)"
        position = list(before)
    rows = connection.execute(
        f"SELECT state FROM chat WHERE {where} ORDER BY updated_at DESC, id DESC LIMIT ?",
        [*parameters, *position, limit],
    )
    return [state for (state,) in rows]


def chat_state(connection: sqlite3.Connection, chat_id: str) -> bytes | None:
    row = connection.execute("SELECT state FROM chat WHERE id = ?", (chat_id,)).fetchone()
    return row[0] if row else None


def chats_in_need(connection: sqlite3.Connection) -> list[bytes]:
    """States of the chats with a live sidecar or an open permission."""
    rows = connection.execute(
        "SELECT state FROM chat WHERE id IN (SELECT chat_id FROM sidecar WHERE ended = 0)"
        " OR id IN (SELECT chat_id FROM permission WHERE outcome IS NULL)"
    )
    return [state for (state,) in rows]


def chats_needing_attention(connection: sqlite3.Connection) -> list[bytes]:
    rows = connection.execute("SELECT state FROM chat WHERE attention = 1")
    return [state for (state,) in rows]


def count_chats(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("SELECT count(*) FROM chat").fetchone()
    return int(count)


def count_open_permissions(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute(
        "SELECT count(*) FROM permission WHERE outcome IS NULL"
    ).fetchone()
    return int(count)


def items_before(
    connection: sqlite3.Connection, chat_id: str, n: int | None, limit: int, hidden: bool
) -> list[tuple[int, bytes]]:
    """(n, body) of the items before `n` (or the last ones), in transcript order."""
    rows = connection.execute(
        "SELECT n, body FROM item WHERE chat_id = ? AND n < ? AND hidden <= ?"
        " ORDER BY n DESC LIMIT ?",
        (chat_id, n if n is not None else _MOST, int(hidden), limit),
    ).fetchall()
    rows.reverse()
    return rows


def item(connection: sqlite3.Connection, chat_id: str, item_id: str) -> bytes | None:
    row = connection.execute(
        "SELECT body FROM item WHERE chat_id = ? AND id = ?", (chat_id, item_id)
    ).fetchone()
    return row[0] if row else None


def payload(
    connection: sqlite3.Connection, chat_id: str, item_id: str, field: str, offset: int, limit: int
) -> tuple[bytes, int] | None:
    """A piece of a long text and the length of the whole; None when it was not long."""
    row: tuple[bytes, int] | None = connection.execute(
        "SELECT substr(data, ?, ?), length(data) FROM payload"
        " WHERE chat_id = ? AND item_id = ? AND field = ?",
        (min(offset, _MOST) + 1, min(limit, _MOST), chat_id, item_id, field),
    ).fetchone()
    return row


def turn(connection: sqlite3.Connection, chat_id: str, turn_id: str) -> tuple[bytes, bytes] | None:
    """(body, prompt)"""
    row: tuple[bytes, bytes] | None = connection.execute(
        "SELECT body, prompt FROM turn WHERE chat_id = ? AND id = ?", (chat_id, turn_id)
    ).fetchone()
    return row


def last_turn(connection: sqlite3.Connection, chat_id: str) -> bytes | None:
    row = connection.execute(
        "SELECT body FROM turn WHERE chat_id = ? ORDER BY id DESC LIMIT 1", (chat_id,)
    ).fetchone()
    return row[0] if row else None


def prompts(connection: sqlite3.Connection, turn_ids: list[str]) -> dict[str, tuple[bytes, bytes]]:
    """(body, whole prompt) by turn."""
    marks = ",".join("?" * len(turn_ids))
    query = f"SELECT id, body, prompt FROM turn WHERE id IN ({marks})"
    return {turn: (body, prompt) for turn, body, prompt in connection.execute(query, turn_ids)}


def answer(connection: sqlite3.Connection, method: str, key: str) -> tuple[bytes, bytes] | None:
    """(params, result) of an earlier request with this key."""
    row: tuple[bytes, bytes] | None = connection.execute(
        "SELECT params, result FROM answered WHERE method = ? AND key = ?", (method, key)
    ).fetchone()
    return row


def forget_answers(connection: sqlite3.Connection, before: str) -> None:
    connection.execute("DELETE FROM answered WHERE at < ?", (before,))


def permission(
    connection: sqlite3.Connection, permission_id: str
) -> tuple[str, str | None, str, str] | None:
    """(chat, outcome or None, by, why) of a request on record."""
    row: tuple[str, str | None, str, str] | None = connection.execute(
        "SELECT chat_id, outcome, by, why FROM permission WHERE id = ?", (permission_id,)
    ).fetchone()
    return row


def request(connection: sqlite3.Connection, permission_id: str) -> bytes | None:
    """A request on record, whole, as JSON; None when there is none, or its chat was deleted."""
    row = connection.execute(
        "SELECT request FROM permission WHERE id = ?", (permission_id,)
    ).fetchone()
    return row[0] if row else None


def chats_with_open_permissions(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT DISTINCT chat_id FROM permission WHERE outcome IS NULL")
    return [chat for (chat,) in rows]
