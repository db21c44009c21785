"""Owns the rows of rules and settings."""

import sqlite3


def add(
    connection: sqlite3.Connection, rule_id: str, scope: str, subject: str, body: bytes
) -> None:
    connection.execute("INSERT INTO rule VALUES (?, ?, ?, ?)", (rule_id, scope, subject, body))


def remove(connection: sqlite3.Connection, rule_id: str) -> None:
    connection.execute("DELETE FROM rule WHERE id = ?", (rule_id,))


def remove_of(connection: sqlite3.Connection, scope: str, subject: str) -> None:
    connection.execute("DELETE FROM rule WHERE scope = ? AND subject = ?", (scope, subject))


def load(connection: sqlite3.Connection) -> list[bytes]:
    """The bodies of all rules, the oldest first."""
    return [body for (body,) in connection.execute("SELECT body FROM rule ORDER BY id")]


def load_settings(connection: sqlite3.Connection) -> dict[str, bytes]:
    """What the user has chosen, as JSON by key."""
    return dict(connection.execute("SELECT key, value FROM setting"))


def put_setting(connection: sqlite3.Connection, key: str, value: bytes | None) -> None:
    """None removes the choice."""
    if value is None:
        connection.execute("DELETE FROM setting WHERE key = ?", (key,))
    else:
        connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, value))
