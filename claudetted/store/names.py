"""Owns the row that names the private keys: their values are elsewhere."""

import json
import sqlite3

_KEY = "private_keys"


def load(connection: sqlite3.Connection) -> list[str]:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return list(json.loads(row[0])) if row else []


def store(connection: sqlite3.Connection, names: list[str]) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, json.dumps(names)))
