"""Owns the rows of the backends: one each, so that a broken one costs no other."""

import sqlite3

_KEY = "backend:"


def load(connection: sqlite3.Connection) -> dict[str, str]:
    """As stored, by the backend's id."""
    rows = connection.execute(
        "SELECT key, value FROM meta WHERE substr(key, 1, ?) = ?", (len(_KEY), _KEY)
    )
    return {key.removeprefix(_KEY): value for key, value in rows}


def store(connection: sqlite3.Connection, backend: str, row: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY + backend, row))
