"""Owns the database file: one writer, a few readers, and how both are opened."""

import queue
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import trio

from claudetted.store import schema
from claudetted.store.writer import Writer

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
Change = Callable[[sqlite3.Connection], None]
"""A unit of work that gives nothing back."""

_READERS = 4
_BUSY_MILLISECONDS = 5000


Transaction = Callable[[sqlite3.Connection], None]
"""What is stored as one, or not at all."""


class Database:
    """Reads and writes of the one SQLite file.

    Opened and closed by `open_database`. Reads run in threads on connections of their own and
    see everything that was committed before they began.
    """

    def __init__(self, path: Path, writer: Writer, journal_id: str) -> None:
        self.path = path
        self.journal_id = journal_id
        """Changes only with a new database: a cursor of another journal is recognised by it."""
        self._writer = writer
        self._limiter = trio.CapacityLimiter(_READERS)
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()

    async def commit(self, run: Callable[[sqlite3.Connection], T]) -> T:
        """Stores one unit of work. Raises StoreRefused when the disk does not take it."""
        return await self._writer.commit(run)

    async def read(self, run: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a query beside the writer."""
        return await trio.to_thread.run_sync(self._read, run, limiter=self._limiter)

    @property
    def writes_waiting(self) -> int:
        return self._writer.waiting

    async def give_back(self) -> None:
        """Cuts the file and its log where their used part ends, if nobody is in the way."""
        await trio.to_thread.run_sync(self._read, _checkpoint, limiter=self._limiter)

    def size(self) -> int:
        """Bytes of the database with its log."""
        files = [self.path, self.path.with_name(self.path.name + "-wal")]
        return sum(file.stat().st_size for file in files if file.exists())

    def close_readers(self) -> None:
        while not self._idle.empty():
            self._idle.get().close()

    def _read(self, run: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = _connect(self.path)
        try:
            return run(connection)
        finally:
            self._idle.put(connection)


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """Opens the database, creating or migrating it. Raises schema.DatabaseUnusable.

    Its files are readable by their owner only, whoever made them. On leaving, waiting writes are
    stored first.
    """
    try:
        connection, journal_id = _open(path)
    except sqlite3.Error as fault:
        raise schema.DatabaseUnusable(f"{path} cannot be opened: {fault}.") from fault
    writer = Writer(connection)
    database = Database(path, writer, journal_id)
    try:
        yield database
    finally:
        await writer.close()
        database.close_readers()


def _open(path: Path) -> tuple[sqlite3.Connection, str]:
    new = not path.exists()
    if new:
        path.touch(mode=0o600)
    for file in (path, *path.parent.glob(f"{path.name}-*")):
        file.chmod(0o600)
    connection = _connect(path)
    try:
        if new:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if sys.platform == "darwin":
            connection.execute("PRAGMA fullfsync = ON")
        schema.prepare(connection)
        (journal_id,) = connection.execute(
            "SELECT value FROM meta WHERE key = 'journal'"
        ).fetchone()
    except BaseException:
        connection.close()
        raise
    return connection, journal_id


def _checkpoint(connection: sqlite3.Connection) -> None:
    """Most of it beside the writer, which waits for the rest alone."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    connection.execute("PRAGMA busy_timeout = 0")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA cache_size = -4096")
    return connection
