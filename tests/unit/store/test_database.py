"""The database file is private, keeps its name, and holds what was said to be stored."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from claudetted.store import schema
from claudetted.store.database import open_database
from claudetted.store.writer import StoreRefused


def remember(value: str) -> str:
    return f"INSERT INTO meta VALUES ('{value}', '{value}')"


def recall(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute("SELECT key FROM meta WHERE key <> 'journal'")
    return {key for (key,) in rows}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "claudetted.db"


async def test_what_was_committed_is_read_at_once_and_after_opening_again(path: Path) -> None:
    async with open_database(path) as database:
        await database.commit(lambda connection: connection.execute(remember("one")))
        assert await database.read(recall) == {"one"}
    async with open_database(path) as database:
        assert await database.read(recall) == {"one"}


async def test_the_files_are_readable_by_their_owner_only(path: Path) -> None:
    before = os.umask(0)
    try:
        async with open_database(path) as database:
            await database.commit(lambda connection: connection.execute(remember("one")))
            await database.read(recall)
            files = sorted(path.parent.iterdir())
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in files}
    finally:
        os.umask(before)
    assert modes == {
        "claudetted.db": 0o600,
        "claudetted.db-shm": 0o600,
        "claudetted.db-wal": 0o600,
    }


async def test_commits_reach_the_disk(path: Path) -> None:
    def pragma(connection: sqlite3.Connection) -> tuple[object, object]:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        return mode, synchronous

    async with open_database(path) as database:
        assert await database.commit(pragma) == ("wal", 2)


async def test_a_journal_keeps_its_id_and_another_has_another(path: Path) -> None:
    ids = []
    for file in (path, path, path.with_name("other.db")):
        async with open_database(file) as database:
            ids.append(database.journal_id)
    assert ids[0] == ids[1] != ids[2]
    assert ids[0]


async def test_many_may_read_at_once(path: Path) -> None:
    found = []

    async with open_database(path) as database:
        await database.commit(lambda connection: connection.execute(remember("one")))

        async def read() -> None:
            found.append(await database.read(recall))

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(read)
    assert found == [{"one"}] * 20


async def test_a_reader_that_fails_harms_nobody(path: Path) -> None:
    async with open_database(path) as database:
        for _ in range(10):
            with pytest.raises(sqlite3.OperationalError):
                await database.read(lambda connection: connection.execute("SELECT nothing"))
        assert await database.read(recall) == set()


async def test_a_full_disk_is_refused_and_the_reader_sees_nothing_of_it(path: Path) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    async with open_database(path) as database:
        await database.commit(fill)
        with pytest.raises(StoreRefused):
            await database.commit(lambda connection: connection.execute(remember("x" * 200_000)))
        assert await database.read(recall) == set()
        await database.commit(lambda c: c.execute("PRAGMA max_page_count = 100000"))
        await database.commit(lambda connection: connection.execute(remember("one")))
        assert await database.read(recall) == {"one"}


async def test_leaving_stores_what_waits(path: Path) -> None:
    async with trio.open_nursery() as nursery, open_database(path) as database:
        for value in ("one", "two", "three"):
            statement = remember(value)
            nursery.start_soon(database.commit, lambda c, s=statement: c.execute(s))
        await wait_all_tasks_blocked()
    async with open_database(path) as database:
        assert await database.read(recall) == {"one", "two", "three"}


async def test_the_size_counts_the_log(path: Path) -> None:
    async with open_database(path) as database:
        before = database.size()
        await database.commit(lambda connection: connection.execute(remember("x" * 50_000)))
        assert database.size() >= before + 50_000


async def open_and_close(path: Path) -> str:
    async with open_database(path) as database:
        return database.journal_id


def test_a_newer_database_is_refused_with_a_sentence_and_left_alone(path: Path) -> None:
    trio.run(open_and_close, path)
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 4711")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(schema.NewerDatabase, match=r"version 4711 .* start the newer daemon"):
        trio.run(open_and_close, path)
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused_with_a_sentence_and_left_alone(path: Path) -> None:
    path.write_bytes(b"something of somebody's\n" * 100)
    with pytest.raises(schema.DatabaseUnusable, match=f"{path} cannot be opened"):
        trio.run(open_and_close, path)
    assert path.read_bytes() == b"something of somebody's\n" * 100


def test_a_daemon_that_died_while_creating_it_left_nothing_in_the_way(path: Path) -> None:
    path.touch(mode=0o600)
    assert trio.run(open_and_close, path)
