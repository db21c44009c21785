"""Owns the row that holds the models of the last look."""

import sqlite3

_KEY = "models"


def load(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return str(row[0]) if row else None


def store(connection: sqlite3.Connection, found: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, found))
