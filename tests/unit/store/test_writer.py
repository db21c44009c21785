"""Waiting jobs share a transaction, and each of them is stored whole or not at all."""

import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from claudetted.store.writer import StoreRefused, Writer

Job = Callable[[sqlite3.Connection], object]


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS note (text UNIQUE)")
    return connection


def adding(text: str) -> Job:
    return lambda connection: connection.execute("INSERT INTO note VALUES (?)", (text,)) and text


def stored(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY rowid")]
    finally:
        connection.close()


class Round:
    """A writer that is kept busy, so that what is asked meanwhile waits for its next round."""

    def __init__(self, writer: Writer, nursery: trio.Nursery) -> None:
        self.writer = writer
        self.results: dict[str, object] = {}
        self._nursery = nursery
        self._go_on = threading.Event()

    async def keep_busy(self) -> None:
        begun = threading.Event()

        def wait(connection: sqlite3.Connection) -> None:
            begun.set()
            self._go_on.wait()

        self._nursery.start_soon(self.writer.commit, wait)
        await trio.to_thread.run_sync(begun.wait)

    async def ask(self, name: str, job: Job) -> None:
        """Returns when the job waits."""
        self._nursery.start_soon(self._commit, name, job)
        await wait_all_tasks_blocked()

    async def _commit(self, name: str, job: Job) -> None:
        try:
            self.results[name] = await self.writer.commit(job)
        except (StoreRefused, ValueError, sqlite3.IntegrityError) as fault:
            self.results[name] = fault

    def go_on(self) -> None:
        self._go_on.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.db"


@asynccontextmanager
async def writing(path: Path) -> AsyncIterator[tuple[Writer, list[str]]]:
    """A writer, and the statements it runs."""
    connection = connect(path)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    writer = Writer(connection)
    try:
        yield writer, statements
    finally:
        await writer.close()


@asynccontextmanager
async def busy(writer: Writer) -> AsyncIterator[Round]:
    async with trio.open_nursery() as nursery:
        waiting = Round(writer, nursery)
        await waiting.keep_busy()
        try:
            yield waiting
        finally:
            waiting.go_on()


async def test_a_commit_returns_what_the_job_returned_when_it_is_on_disk(path: Path) -> None:
    async with writing(path) as (writer, _):
        assert await writer.commit(adding("one")) == "one"
        assert stored(path) == ["one"]


async def test_waiting_jobs_share_one_transaction(path: Path) -> None:
    async with writing(path) as (writer, statements):
        async with busy(writer) as waiting:
            for name in ("a", "b", "c"):
                await waiting.ask(name, adding(name))
            assert stored(path) == []
            statements.clear()
        assert waiting.results == {"a": "a", "b": "b", "c": "c"}
    assert statements.count("COMMIT") == 2  # of the busy round, and of the three together
    assert statements.count("BEGIN IMMEDIATE") == 1
    assert stored(path) == ["a", "b", "c"]


async def test_jobs_run_in_the_order_of_asking(path: Path) -> None:
    names = [f"{n:02}" for n in range(30)]
    async with writing(path) as (writer, _), busy(writer) as waiting:
        for name in reversed(names):
            await waiting.ask(name, adding(name))
    assert stored(path) == list(reversed(names))


@pytest.mark.parametrize("again", [False, True], ids=["raises", "breaks a constraint"])
async def test_a_failing_job_is_rolled_back_alone(path: Path, again: bool) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        adding("half")(connection)
        if again:
            adding("half")(connection)
        raise ValueError("no")

    async with writing(path) as (writer, statements):
        async with busy(writer) as waiting:
            await waiting.ask("a", adding("a"))
            await waiting.ask("fails", fail)
            await waiting.ask("b", adding("b"))
            statements.clear()
        kind = sqlite3.IntegrityError if again else ValueError
        assert isinstance(waiting.results["fails"], kind)
        assert (waiting.results["a"], waiting.results["b"]) == ("a", "b")
    assert statements.count("COMMIT") == 2
    assert stored(path) == ["a", "b"]


async def fill(writer: Writer) -> int:
    """Leaves no room; gives the number of pages there are."""

    def limit(connection: sqlite3.Connection) -> int:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return int(pages)

    return await writer.commit(limit)


async def make_room(writer: Writer) -> None:
    await writer.commit(lambda connection: connection.execute("PRAGMA max_page_count = 100000"))


async def test_a_full_disk_refuses_the_job_and_takes_it_when_there_is_room(path: Path) -> None:
    large = "x" * 100_000
    async with writing(path) as (writer, _):
        await writer.commit(adding("before"))
        await fill(writer)
        with pytest.raises(StoreRefused, match="full"):
            await writer.commit(adding(large))
        assert stored(path) == ["before"]
        await make_room(writer)
        await writer.commit(adding(large))
    assert stored(path) == ["before", large]


async def test_a_full_disk_refuses_the_whole_round(path: Path) -> None:
    """Nobody is told of a success that is then rolled back."""
    async with writing(path) as (writer, _):
        await fill(writer)
        async with busy(writer) as waiting:
            await waiting.ask("small", adding("small"))
            await waiting.ask("large", adding("x" * 100_000))
            await waiting.ask("after", adding("after"))
        assert [type(waiting.results[name]) for name in ("small", "large", "after")] == [
            StoreRefused
        ] * 3
        assert stored(path) == []
        await make_room(writer)
        assert await writer.commit(adding("small")) == "small"


async def test_a_commit_that_fails_is_rolled_back_and_the_next_one_works(path: Path) -> None:
    connection = connect(path)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(
        "CREATE TABLE reply (note REFERENCES note (text) DEFERRABLE INITIALLY DEFERRED)"
    )
    writer = Writer(connection)

    def orphan(connection: sqlite3.Connection) -> None:
        adding("lost")(connection)
        connection.execute("INSERT INTO reply VALUES ('to nothing')")

    with pytest.raises(StoreRefused, match="FOREIGN KEY"):
        await writer.commit(orphan)
    await writer.commit(adding("kept"))
    await writer.close()
    assert stored(path) == ["kept"]


async def test_who_is_cancelled_still_learns_how_it_went(path: Path) -> None:
    async with writing(path) as (writer, _):
        with trio.CancelScope() as scope:
            async with busy(writer) as waiting:
                await waiting.ask("a", adding("a"))
                scope.cancel()
                waiting.go_on()
        assert waiting.results == {"a": "a"}
    assert stored(path) == ["a"]


async def test_a_deadline_does_not_abandon_a_commit(path: Path) -> None:
    async with writing(path) as (writer, _):
        with trio.move_on_after(0):
            result = await writer.commit(adding("a"))
        assert result == "a"
    assert stored(path) == ["a"]


async def test_closing_stores_what_waits(path: Path) -> None:
    connection = connect(path)
    writer = Writer(connection)
    async with busy(writer) as waiting:
        for name in ("a", "b"):
            await waiting.ask(name, adding(name))
        async with trio.open_nursery() as closing:
            closing.start_soon(writer.close)
            await wait_all_tasks_blocked()
            waiting.go_on()
    assert waiting.results == {"a": "a", "b": "b"}
    assert stored(path) == ["a", "b"]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


async def test_closing_is_not_cut_short_by_a_cancellation(path: Path) -> None:
    writer = Writer(connect(path))
    async with busy(writer) as waiting:
        await waiting.ask("a", adding("a"))
        with trio.CancelScope() as scope:
            scope.cancel()
            waiting.go_on()
            await writer.close()
    assert stored(path) == ["a"]


async def test_many_at_once_get_each_their_own_answer(path: Path) -> None:
    found: dict[int, object] = {}

    async def commit(n: int, write: Callable[[Job], Awaitable[object]]) -> None:
        found[n] = await write(adding(str(n)))

    async with writing(path) as (writer, _), trio.open_nursery() as nursery:
        for n in range(200):
            nursery.start_soon(commit, n, writer.commit)
    assert found == {n: str(n) for n in range(200)}
    assert sorted(stored(path), key=int) == [str(n) for n in range(200)]
