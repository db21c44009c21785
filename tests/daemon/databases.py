"""Owns the databases that daemons in this process begin with: each is a copy of one."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from claudetted.store import schema

_prepare = schema.prepare


@contextmanager
def made() -> Iterator[sqlite3.Connection]:
    """What a new database holds, in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        # Can't be changed in a copy.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _prepare(connection)
        yield connection


def copy_when_new(monkeypatch: pytest.MonkeyPatch, original: sqlite3.Connection) -> None:
    """To make the tables takes more time than the rest of a daemon's start."""

    def prepare(connection: sqlite3.Connection) -> None:
        if not _is_new(connection):
            _prepare(connection)
            return
        # No two databases have the same journal.
        original.execute("UPDATE meta SET value = ? WHERE key = 'journal'", [uuid.uuid4().hex])
        original.backup(connection)

    monkeypatch.setattr(schema, "prepare", prepare)


def _is_new(connection: sqlite3.Connection) -> bool:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return not version and not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
