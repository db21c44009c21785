"""What a deleted chat leaves is noted with the delete and goes in small steps, to the last row."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudetted.store import journal, remains, schema
from claudetted.store.journal import ChatRow, EventRow, ItemRow, TurnRow, Write


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    opened.execute("PRAGMA auto_vacuum = INCREMENTAL")
    opened.execute("PRAGMA synchronous = OFF")
    schema.prepare(opened)
    yield opened
    opened.close()


def large(chat: str, rows: int) -> Write:
    return Write(
        ChatRow(chat, False, "now", 1, b"{}", b"{}"),
        events=[EventRow(n, "now", b"x" * 500) for n in range(rows)],
        items=[ItemRow(n, f"i{n}", b"x" * 500) for n in range(rows)],
        pieces=[(f"i{n}", 0, b"x") for n in range(rows)],
        payloads=[(f"i{n}", "text", b"x" * 9000) for n in range(20)],
        turns=[TurnRow(f"{chat}t{n}", b"{}") for n in range(rows)],
    )


def count(connection: sqlite3.Connection) -> int:
    tables = ("event", "item", "piece", "payload", "turn")
    counts = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    return sum(counts)


def test_a_removed_chat_goes_in_small_steps(connection: sqlite3.Connection) -> None:
    journal.store(connection, large("c2", 10))
    others = count(connection)
    journal.store(connection, large("c1", 1000))
    before = count(connection)
    journal.remove_chat(connection, "c1")
    assert remains.noted(connection) == ["c1"]
    assert before - count(connection) <= 3000
    before, steps = count(connection), 0
    while not remains.remove_some(connection, "c1"):
        after = count(connection)
        assert 0 < before - after <= 300
        before, steps = after, steps + 1
    assert steps > 3
    assert count(connection) == others
    assert remains.noted(connection) == ["c1"]


def test_what_is_noted_twice_is_there_once(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO meta VALUES ('remainz', ''), ('remain', '')")
    remains.note(connection, ["c1", "c2/sessions/s1"])
    remains.note(connection, ["c1"])
    assert remains.noted(connection) == ["c1", "c2/sessions/s1"]
    remains.forget(connection, "c2/sessions/s1")
    assert remains.noted(connection) == ["c1"]


def test_unused_pages_are_given_back_a_few_at_a_time(connection: sqlite3.Connection) -> None:
    journal.store(connection, large("c1", 1000))
    journal.remove_chat(connection, "c1")
    while not remains.remove_some(connection, "c1"):
        pass
    before, steps = remains.unused_pages(connection), 1
    while not remains.free_some(connection):
        left = remains.unused_pages(connection)
        assert 0 < before - left <= 64
        before, steps = left, steps + 1
    assert steps > 3
    assert remains.unused_pages(connection) == 0


def test_a_database_that_cannot_shrink_is_left_as_it_is(tmp_path: Path) -> None:
    """One of before it could."""
    old = sqlite3.connect(tmp_path / "old.db", isolation_level=None)
    schema.prepare(old)
    journal.store(old, large("c1", 10))
    journal.remove_chat(old, "c1")
    unused = remains.unused_pages(old)
    assert unused > 0
    assert remains.free_some(old)
    assert remains.unused_pages(old) == unused
    old.close()
