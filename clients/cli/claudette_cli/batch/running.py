"""Owns running the entries of a batch: so many chats at once, and stopping what runs."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from claudette_cli import exits
from claudette_cli.client import creating, environment
from claudette_cli.client.daemon import Daemon, new_key
from claudette_cli.client.following import Following
from claudette_cli.commands import turns
from claudette_cli.exits import Disconnected, Failure, Refused
from claudette_cli.watch.limiting import limited
from claudette_cli.watch.turn import settle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from claudette_cli.batch.reading import Entry
    from claudette_cli.batch.record import Record

    Json = dict[str, Any]

BEFORE = "done before"
LEFT = "not started"
RUNS = "running"
_OUTCOMES = {
    exits.DONE: "done",
    exits.TURN_INCOMPLETE: "incomplete",
    exits.ASKED: "asks",
    exits.TURN_STOPPED: "stopped",
    exits.TIMED_OUT: "timed out",
    exits.TURN_FAILED: "failed",
    exits.TURN_LOST: "lost",
    exits.FAILED: "refused",
}
"""From the best to the worst."""


@dataclass
class Job:
    """An entry and what became of it. `seconds` is how long it took here."""

    entry: Entry
    key: str
    chat_id: str = ""
    outcome: str = LEFT
    code: int = exits.DONE
    seconds: float = 0.0
    turn: Json = field(default_factory=dict)
    text: str = ""
    why: str = ""


def worst(jobs: list[Job]) -> int:
    """The exit code of the worst outcome."""
    return max((job.code for job in jobs), key=list(_OUTCOMES).index, default=exits.DONE)


class Batch:
    """Runs jobs in threads of its own; `told` hears in the caller's of each that begins or ends."""

    def __init__(self, record: Record, *, patient: bool, told: Callable[[Job], None]) -> None:
        self._record = record
        self._patient = patient
        self._told = told
        self._stopping = threading.Event()

    def run(self, jobs: list[Job], parallel: int) -> None:
        """To the end of all. An interruption stops what runs, starts nothing more, and goes on up
        when all that ran has ended."""
        waiting = [job for job in jobs if job.outcome != BEFORE]
        running: dict[Future[None], Job] = {}
        with ThreadPoolExecutor(parallel) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < parallel:
                        job = waiting.pop(0)
                        job.outcome = RUNS
                        running[pool.submit(self._work, job)] = job
                        self._told(job)
                    self._collect(running)
            except (KeyboardInterrupt, SystemExit):
                self._stop(running.values())
                while running:
                    self._collect(running)
                raise

    def _collect(self, running: dict[Future[None], Job]) -> None:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            job = running.pop(future)
            future.result()
            self._told(job)

    def _stop(self, jobs: Iterable[Job]) -> None:
        self._stopping.set()
        with Daemon() as daemon:
            for job in jobs:
                if job.chat_id:
                    _stop(daemon, job.chat_id)

    def _work(self, job: Job) -> None:
        began = time.monotonic()
        try:
            job.code = self._of_before(job) if job.chat_id else self._anew(job)
        except Failure as failure:
            job.code = failure.code if failure.code in _OUTCOMES else exits.FAILED
            job.why = failure.message
        except Disconnected as gone:
            job.code, job.why = exits.FAILED, str(gone)
        job.why = job.why or job.turn.get("error", "")
        job.outcome = _OUTCOMES[job.code]
        job.seconds = time.monotonic() - began
        if job.chat_id:
            self._record.note(job.key, job.chat_id, job.outcome)

    def _anew(self, job: Job) -> int:
        entry = job.entry
        with Daemon() as daemon:
            job.chat_id = creating.create(daemon, entry.cwd, **entry.chosen)["id"]
            self._record.note(job.key, job.chat_id)
            with Following(job.chat_id) as following:
                following.take()
                return self._ask(daemon, following, job)

    def _ask(self, daemon: Daemon, following: Following, job: Job) -> int:
        params: Json = {"chatId": job.chat_id, "text": job.entry.prompt, "key": new_key()}
        if shown := turns.images_of(list(job.entry.images)):
            params["images"] = shown
        sent = daemon.call("turn/send", params | {"env": environment.refreshed()})
        if sent["state"] == "command":
            job.text = sent.get("text", "")
            return exits.DONE
        if self._stopping.is_set():
            _stop(daemon, job.chat_id)
        with limited(job.chat_id, job.entry.timeout) as over:
            job.turn, job.text = turns.stay(following, sent, as_json=True, patient=self._patient)
        return exits.TIMED_OUT if over.is_set() else turns.code_of(job.turn)

    def _of_before(self, job: Job) -> int:
        """Goes on with the chat of an earlier run where its turn runs or is done by now; what
        ended otherwise is asked anew, in a new chat."""
        try:
            with Following(job.chat_id) as following, Daemon() as daemon:
                following.take()
                if following.fold.turn is None and not following.fold.queue:
                    return self._ask(daemon, following, job)
                with limited(job.chat_id, job.entry.timeout) as over:
                    turn = settle(following, asked_too=not self._patient)
        except Refused as refused:
            if refused.code != exits.NOT_FOUND:
                raise
            return self._anew(job)
        if over.is_set():
            return exits.TIMED_OUT
        if turn is None:
            raise Failure(f"see: claudette inbox {job.chat_id}", exits.ASKED)
        job.turn = turn
        code = turns.code_of(turn)
        return code if code == exits.DONE else self._anew(job)


def _stop(daemon: Daemon, chat_id: str) -> None:
    try:
        daemon.call("turn/stop", {"chatId": chat_id})
    except Failure:
        return  # it is over, its chat was deleted, or the daemon is gone: its row says which
