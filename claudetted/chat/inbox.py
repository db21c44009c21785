"""Owns what waits for a chat's task: requests of clients first, then output of its sidecar."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

import trio

from claudetted.chat.step import Step
from claudetted.sidecar.reports import Exit, Lost, Output

T = TypeVar("T")

Report = Output | Exit | Lost


class Request(Generic[T]):
    """A plan of a client's that waits to be carried out; the outcome waits for the client."""

    def __init__(self, plan: Callable[[Step], T]) -> None:
        self.plan = plan
        self._done = trio.Event()
        self._result: T | None = None
        self._error: Exception | None = None

    def succeed(self, result: T) -> None:
        self._result = result
        self._done.set()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._done.set()

    async def outcome(self) -> T:
        """Waits. If the client leaves meanwhile, the plan is carried out all the same."""
        await self._done.wait()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set by succeed


class Inbox:
    """Filled from anywhere in the trio thread without waiting; emptied by one task."""

    def __init__(self) -> None:
        self.requests: deque[Request[object]] = deque()
        self.reports: deque[Report] = deque()
        self.checkpoint_due = False
        self.reports_blocked = False
        """Reports wait because the disk refused the last ones."""
        self.denials_first = False
        """Reports wait because the disk refused what happened before them."""
        self._lot = trio.lowlevel.ParkingLot()

    async def ask(self, plan: Callable[[Step], T]) -> T:
        """Has the chat's task carry out a plan, and waits for the outcome."""
        request = Request(plan)
        self.put_request(request)  # type: ignore[arg-type]  # the result type is erased
        return await request.outcome()

    def put_request(self, request: Request[object]) -> None:
        self.requests.append(request)
        self._lot.unpark()

    def put_report(self, report: Report) -> None:
        self.reports.append(report)
        self._lot.unpark()

    def poke(self) -> None:
        """Makes the task look again."""
        self._lot.unpark()

    async def something(self) -> None:
        """Returns when there is work, or after a poke."""
        if not self._has_work():
            await self._lot.park()

    def _has_work(self) -> bool:
        return bool(self.requests) or self.has_reports() or self.checkpoint_due

    def has_reports(self) -> bool:
        """Whether there are any that may be taken now."""
        return bool(self.reports) and not (self.reports_blocked or self.denials_first)

    def take_output(self) -> list[Output]:
        """All output that is next, of one sidecar."""
        taken: list[Output] = []
        while self.reports:
            first = self.reports[0]
            if not isinstance(first, Output) or (taken and first.sidecar != taken[0].sidecar):
                break
            taken.append(first)
            self.reports.popleft()
        return taken
