"""Owns the one thread that writes: it gathers waiting jobs into one transaction each round."""

import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import outcome
import trio

T = TypeVar("T")


class StoreRefused(Exception):
    """The disk or the database refused the write; nothing of the job is stored."""


class _Job(Generic[T]):
    """One unit of work: all of it is stored or none."""

    def __init__(self, run: Callable[[sqlite3.Connection], T], task: trio.lowlevel.Task) -> None:
        self.run = run
        self.task = task
        self.outcome: outcome.Outcome[T] | None = None


class Writer:
    """Group commit from one thread.

    Resource handling: `close` ends the thread after everything waiting is stored, then closes
    the connection. Error handling: a job that raises is rolled back alone; a commit that fails
    fails every job of its round with StoreRefused.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._token = trio.lowlevel.current_trio_token()
        self._thread = threading.Thread(target=self._work, name="store-writer")
        self._thread.start()

    async def commit(self, run: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a job in the writer's next transaction; returns when it is on disk.

        Not cancellable while under way: whoever asked must learn how it went.
        """
        job = _Job(run, trio.lowlevel.current_task())
        self._jobs.put(job)

        def keep_waiting(_raise: Any) -> trio.lowlevel.Abort:
            return trio.lowlevel.Abort.FAILED

        result: T = await trio.lowlevel.wait_task_rescheduled(keep_waiting)
        return result

    @property
    def waiting(self) -> int:
        """Jobs that are not in a transaction yet."""
        return self._jobs.qsize()

    async def close(self) -> None:
        self._jobs.put(None)
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(self._thread.join)
        self._connection.close()

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            jobs, last_round = self._gather(first)
            self._store(jobs)
            self._token.run_sync_soon(_deliver, jobs)
            if last_round:
                return

    def _gather(self, first: _Job[Any]) -> tuple[list[_Job[Any]], bool]:
        jobs = [first]
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False

    def _store(self, jobs: list[_Job[Any]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                self._run_alone(job)
            self._connection.execute("COMMIT")
        except sqlite3.Error as refusal:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for job in jobs:
                job.outcome = outcome.Error(StoreRefused(str(refusal)))

    def _run_alone(self, job: _Job[Any]) -> None:
        self._connection.execute("SAVEPOINT job")
        job.outcome = outcome.capture(job.run, self._connection)
        if isinstance(job.outcome, outcome.Error):
            if isinstance(job.outcome.error, sqlite3.OperationalError):
                raise job.outcome.error  # a full disk ends the whole round
            self._connection.execute("ROLLBACK TO job")
        self._connection.execute("RELEASE job")


def _deliver(jobs: list[_Job[Any]]) -> None:
    for job in jobs:
        assert job.outcome is not None
        trio.lowlevel.reschedule(job.task, job.outcome)
