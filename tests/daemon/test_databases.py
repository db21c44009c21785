"""A daemon of the tests begins with the database that it would make."""

import sqlite3
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from claudetted.store.database import open_database
from tests.daemon.databases import copy_when_new

PRAGMAS = ("auto_vacuum", "encoding", "journal_mode", "page_size", "user_version")


def contents(connection: sqlite3.Connection) -> list[Any]:
    """All but the journal's id."""
    shape = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    return [
        *(connection.execute(f"PRAGMA {name}").fetchone() for name in PRAGMAS),
        connection.execute(shape).fetchall(),
        connection.execute("SELECT key FROM meta").fetchall(),
    ]


async def test_a_copy_is_what_would_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_database: sqlite3.Connection
) -> None:
    async with AsyncExitStack() as held:
        made = await held.enter_async_context(open_database(tmp_path / "made.db"))
        copy_when_new(monkeypatch, new_database)
        copy = await held.enter_async_context(open_database(tmp_path / "copy.db"))
        other = await held.enter_async_context(open_database(tmp_path / "other.db"))
        assert await copy.read(contents) == await made.read(contents)
        assert len({made.journal_id, copy.journal_id, other.journal_id}) == 3


async def test_a_database_that_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_database: sqlite3.Connection
) -> None:
    copy_when_new(monkeypatch, new_database)
    async with open_database(tmp_path / "a.db") as database:
        journal_id = database.journal_id
    async with open_database(tmp_path / "a.db") as database:
        assert database.journal_id == journal_id
