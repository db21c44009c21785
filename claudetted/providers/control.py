"""Owns the agent's process that belongs to no chat: asked about providers, models and sign-in.

It is started when it is first needed and ended when it is idle. Nothing of it is journaled: what
was under way is lost with the daemon, and the next one ends the process as a stray.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import trio

from claudetted.protocol import errors, places, sidecar as sc
from claudetted.protocol.base import SIDECAR_LEVEL, SidecarId
from claudetted.providers.credentials import Credentials
from claudetted.sidecar.environment import Launch
from claudetted.sidecar.faults import fault_of
from claudetted.sidecar.lines import LineReader
from claudetted.sidecar.link import KeeperLink
from claudetted.sidecar.reports import Exit, LaunchFailed, Output, Report

logger = logging.getLogger(__name__)

R = TypeVar("R")
IDLE_SECONDS = 60.0
END_GRACE_SECONDS = 1.0
STDERR_LINES = 10
VOLATILE = 0
"""The number of an input that nobody stores or counts."""

_encode = msgspec.json.Encoder().encode
Ask = Callable[[int], Any]
"""Makes the request line that has this number."""


class _Pending:
    """A request on its way."""

    def __init__(self) -> None:
        self.answered = trio.Event()
        self.reply: sc.Reply | None = None


class _Process:
    """One run of the sidecar: what it was asked, and what it has said."""

    def __init__(self, sidecar: SidecarId) -> None:
        self.sidecar = sidecar
        self.lines = LineReader()
        self.pending: dict[int, _Pending] = {}
        self.asked = 0
        self.used_at = trio.current_time()
        self.pid = 0
        self.outdated = False
        """Its environment is not what it would be now."""
        self.gone = trio.Event()
        self.why_gone = ""
        self.stderr: list[str] = []


class Control:
    """The process, one at a time. Raises HarnessMissing and HarnessFailed.

    Resource handling: the process belongs to the keeper; `close` ends it. Error handling: when it
    ends, everything asked of it fails; the next request starts another one.
    """

    def __init__(
        self,
        harness: str,
        keeper: KeeperLink,
        credentials: Credentials,
        launch: Callable[[], Awaitable[Launch]],
        new_id: Callable[[], str],
        umask: int,
        nursery: trio.Nursery,
    ) -> None:
        self._harness = harness
        self._keeper = keeper
        self._credentials = credentials
        self._launch = launch
        self._new_id = new_id
        self._umask = umask
        self._nursery = nursery
        self._starting = trio.Lock()
        self._process: _Process | None = None
        self.on_login: Callable[[sc.LoginEvent], None] = lambda _line: None
        """Told what sign-ins are at."""

    @property
    def pid(self) -> int:
        """Of the process that runs, once it has said which it is."""
        return self._process.pid if self._process else 0

    async def ask(self, make: Ask, result: type[R]) -> R:
        """The answer to a request line. Raises the Fault that the sidecar names."""
        process = await self._running()
        process.asked += 1
        n = process.asked
        pending = process.pending[n] = _Pending()
        self._keeper.send(process.sidecar, VOLATILE, _encode(make(n)) + b"\n")
        try:
            await pending.answered.wait()
        finally:
            del process.pending[n]
            process.used_at = trio.current_time()
        if pending.reply is None:
            raise self._failed(f"The agent's process ended: {process.why_gone}.", process.stderr)
        if pending.reply.error:
            raise fault_of(pending.reply.error, self._harness)
        return self._decoded(pending.reply, result)

    def _decoded(self, reply: sc.Reply, result: type[R]) -> R:
        try:
            return msgspec.json.decode(reply.result, type=result)
        except msgspec.ValidationError as error:
            message = f"The agent's process sent an unexpected answer: {error}."
            raise self._failed(message, []) from None

    def _failed(self, message: str, stderr: list[str]) -> errors.HarnessFailed:
        return errors.HarnessFailed(message, harness=self._harness, stderr=stderr)

    async def refresh(self) -> None:
        """Hands the credentials to the process, if there is one, ahead of what it is asked next."""
        if process := self._process:
            await self._credentials.hand_to(process.sidecar)

    def renew(self) -> None:
        """What is asked next is for a process with the environment of then, unless something is
        under way: a sign-in stays where it was begun."""
        if self._process:
            self._process.outdated = True

    async def close(self) -> None:
        """Ends the process, if there is one."""
        if process := self._process:
            await self._keeper.end(process.sidecar, END_GRACE_SECONDS)

    async def _running(self) -> _Process:
        async with self._starting:
            if (process := self._process) and process.outdated and not process.pending:
                self._let_go(process)
                self._nursery.start_soon(self._keeper.end, process.sidecar, END_GRACE_SECONDS)
            if self._process is None:
                self._process = await self._start()
            return self._process

    async def _start(self) -> _Process:
        process = _Process(SidecarId(self._new_id()))
        launch = await self._launch()
        try:
            await self._keeper.start(
                process.sidecar, launch.argv, launch.env, places.data_dir(), self._umask
            )
        except LaunchFailed as failure:
            raise self._failed(str(failure), []) from None
        self._keeper.attach(process.sidecar, 0, lambda report: self._hear(process, report))
        self._nursery.start_soon(self._end_idle, process)
        return process

    async def _end_idle(self, process: _Process) -> None:
        while not process.gone.is_set():
            idle = trio.current_time() - process.used_at
            if not process.pending and idle >= IDLE_SECONDS:
                self._let_go(process)
                await self._keeper.end(process.sidecar, END_GRACE_SECONDS)
            else:
                with trio.move_on_after(max(1.0, IDLE_SECONDS - idle)):
                    await process.gone.wait()

    def _let_go(self, process: _Process) -> None:
        """The next request is for another process."""
        if self._process is process:
            self._process = None

    def _hear(self, process: _Process, report: Report) -> None:
        if isinstance(report, Output):
            for line in process.lines.read(report):
                self._take(process, line)
            if process.lines.is_endless:
                logger.error("the control sidecar wrote a line that does not end")
                self._keeper.kill(process.sidecar)
            self._keeper.acknowledge(process.sidecar, report.offset + len(report.data))
            return
        if isinstance(report, Exit):
            process.stderr = _last_lines(report.stderr)
            process.why_gone = f"exit code {report.code}, signal {report.signal}"
        else:
            process.why_gone = "the process that kept it running is gone"
        self._let_go(process)
        self._keeper.forget(process.sidecar)
        process.gone.set()
        for pending in process.pending.values():
            pending.answered.set()

    def _take(self, process: _Process, line: sc.FromSidecar) -> None:
        if isinstance(line, sc.Hello):
            process.pid = line.pid
            if line.level != SIDECAR_LEVEL:
                logger.error("the control sidecar speaks line level %d", line.level)
                self._keeper.kill(process.sidecar)
        elif isinstance(line, sc.CredentialsWanted):
            self._nursery.start_soon(self._credentials.hand_to, process.sidecar)
        elif isinstance(line, sc.LoginEvent):
            self.on_login(line)
        elif isinstance(line, sc.Reply) and (pending := process.pending.get(line.id)):
            pending.reply = line
            pending.answered.set()


def _last_lines(stderr: bytes) -> list[str]:
    lines = stderr.decode(errors="replace").split("\n")
    return [line for line in lines if line.strip()][-STDERR_LINES:]
