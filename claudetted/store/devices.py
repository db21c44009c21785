"""Owns the rows of paired devices, and what the door for them is configured to be."""

import sqlite3

import msgspec

_DOOR = "remote"


class DeviceRow(msgspec.Struct, frozen=True):
    """As it is stored. `token` is the SHA-256 of the device's token."""

    id: str
    name: str
    right: str
    token: bytes
    created_at: str
    seen_at: str = ""
    push: str = ""
    """Where and how it is notified, as JSON; empty where it is not."""


def load(connection: sqlite3.Connection) -> list[DeviceRow]:
    """All of them, the oldest first."""
    query = 'SELECT id, name, "right", token, created_at, seen_at, push FROM device ORDER BY id'
    return [DeviceRow(*row) for row in connection.execute(query)]


def add(connection: sqlite3.Connection, row: DeviceRow) -> None:
    values = (row.id, row.name, row.right, row.token, row.created_at, row.seen_at, row.push)
    connection.execute("INSERT INTO device VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def saw(connection: sqlite3.Connection, device_id: str, at: str) -> None:
    connection.execute("UPDATE device SET seen_at = ? WHERE id = ?", (at, device_id))


def subscribe(connection: sqlite3.Connection, device_id: str, push: str) -> None:
    connection.execute("UPDATE device SET push = ? WHERE id = ?", (push, device_id))


def remove(connection: sqlite3.Connection, device_id: str) -> None:
    connection.execute("DELETE FROM device WHERE id = ?", (device_id,))


def load_door(connection: sqlite3.Connection) -> bytes | None:
    """The configuration of the door as JSON; None while it is disabled."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_DOOR,)).fetchone()
    return row[0].encode() if row else None


def put_door(connection: sqlite3.Connection, config: bytes | None) -> None:
    if config is None:
        connection.execute("DELETE FROM meta WHERE key = ?", (_DOOR,))
    else:
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_DOOR, config.decode()))
