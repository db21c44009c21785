"""Owns what a deleted chat leaves on disk until it is cleared away, in steps too small to notice.

A place is a directory under that of the chats. It is noted in the transaction that gives it up;
one that is named like a chat stands for the chat's rows, too.
"""

import sqlite3
from collections.abc import Iterable

_NOTE = "remains:"
_LARGE_TABLES = (("payload", 8), ("piece", 100), ("item", 300), ("event", 300), ("turn", 300))
"""And how many rows at a time."""
_PAGES = 64
"""Of 4 KiB, at a time."""


def note(connection: sqlite3.Connection, places: Iterable[str]) -> None:
    connection.executemany(
        "INSERT OR IGNORE INTO meta VALUES (?, '')", ((_NOTE + place,) for place in places)
    )


def noted(connection: sqlite3.Connection) -> list[str]:
    """Found without looking at any chat."""
    after_all = _NOTE[:-1] + chr(ord(_NOTE[-1]) + 1)
    rows = connection.execute(
        "SELECT key FROM meta WHERE key >= ? AND key < ?", (_NOTE, after_all)
    ).fetchall()
    return [key.removeprefix(_NOTE) for (key,) in rows]


def forget(connection: sqlite3.Connection, place: str) -> None:
    """Nothing of it remains."""
    connection.execute("DELETE FROM meta WHERE key = ?", (_NOTE + place,))


def remove_some(connection: sqlite3.Connection, chat_id: str) -> bool:
    """Whether no row is left."""
    for table, most in _LARGE_TABLES:
        removed = connection.execute(
            f"DELETE FROM {table} WHERE rowid IN"
            f" (SELECT rowid FROM {table} WHERE chat_id = ? LIMIT {most})",
            (chat_id,),
        ).rowcount
        if removed:
            return False
    return True


def free_some(connection: sqlite3.Connection) -> bool:
    """Moves unused pages to the file's end. Whether that was all that can be moved."""
    before = unused_pages(connection)
    for _ in range(_PAGES):
        # Python takes one step of a statement without result: one page a statement.
        connection.execute("PRAGMA incremental_vacuum(1)")
    left = unused_pages(connection)
    return left in (0, before)


def unused_pages(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(count)
