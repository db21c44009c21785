"""Owns the rows of rules and settings."""

import sqlite3

from claudetted.protocol.settings import RENAMED


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
    """None removes the choice. Under its present name alone: a former one would come back when
    the choice is removed."""
    for former in (old for old, new in RENAMED.items() if new == key):
        connection.execute("DELETE FROM setting WHERE key = ?", (former,))
    if value is None:
        connection.execute("DELETE FROM setting WHERE key = ?", (key,))
    else:
        connection.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (key, value))


def replace_settings(
    connection: sqlite3.Connection, values: dict[str, bytes | None], digest: str | None = None
) -> None:
    """With the digest of the file that says the same, if one does."""
    for key, value in values.items():
        put_setting(connection, key=key, value=value)
    if digest is not None:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('config', ?)", (digest,))


def load_config_digest(connection: sqlite3.Connection) -> str | None:
    """That of the file as the settings here last said the same."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'config'").fetchone()
    return str(row[0]) if row else None
