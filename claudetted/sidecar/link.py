"""Owns the daemon's connection to the keeper: orders out, reports in, nothing stored between."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import trio

from claudetted.protocol.base import SidecarId
from claudetted.sidecar.keeper import frames
from claudetted.sidecar.keeper.frames import frame, take_frames
from claudetted.sidecar.keeper_launch import AGAIN_AFTER, Starter, ensure_keeper
from claudetted.sidecar.reports import (
    Exit,
    Fenced,
    KeeperFailed,
    LaunchFailed,
    Lost,
    Output,
    Report,
    Running,
)

READ = 256 * 1024
PATIENCE = 10.0
"""Seconds for a keeper to answer. One starts in 0.04."""
SHORT_LIFE = 1.0
"""A keeper that dies within this time is not replaced sooner."""
USUAL_UMASK = 0o022
"""For the files that an agent makes in the user's workspace; a harness guards its own by itself."""
GENERATIONS = {1: frames}
"""The frames of every released keeper. A keeper outlives the daemon's upgrades, so none is ever
removed."""

Sink = Callable[[Report], None]


class _Held(msgspec.Struct):
    """What is known of one sidecar."""

    base: int = 0
    end: int = 0
    sink: Sink | None = None
    ended: trio.Event = msgspec.field(default_factory=trio.Event)


class _Launch(msgspec.Struct):
    """A START that waits for its answer."""

    answered: trio.Event = msgspec.field(default_factory=trio.Event)
    pid: int = 0
    failure: str = ""


class KeeperLink:
    """The only way to sidecars. `run` owns the connection; the rest may be called by every task
    of the daemon. Sinks are called in trio's thread, in order, and must not block."""

    def __init__(self, socket_path: Path, starter: Starter | None = None) -> None:
        self.pid: int | None = None
        """Of the keeper, while we are connected to one."""
        self._path = socket_path
        self._starter = starter
        self._held: dict[SidecarId, _Held] = {}
        self._launches: dict[SidecarId, _Launch] = {}
        self._inbox = bytearray()
        self._outbox: list[bytes] = []
        self._writer = trio.lowlevel.ParkingLot()
        self._wanted = trio.Event()
        self._tried = trio.Event()
        self._failure = ""
        self._fenced = False
        self._shut_down = False

    # Orders

    async def start(
        self,
        sidecar: SidecarId,
        argv: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        umask: int = USUAL_UMASK,
    ) -> int:
        """Starts the program and returns its pid. Its output is to be attached at offset 0."""
        await self._have_keeper()
        words = [f"{umask:o}", str(cwd), str(len(argv)), *argv]
        words += [f"{name}={value}" for name, value in env.items()]
        if any("\0" in word for word in words):
            raise LaunchFailed("An argument or environment variable holds a NUL character.")
        launch = self._launches[sidecar] = _Launch()
        self._held[sidecar] = _Held()
        self._order(frames.START, sidecar, 0, b"\0".join(os.fsencode(word) for word in words))
        try:
            await launch.answered.wait()
        except trio.Cancelled:
            self.forget(sidecar)
            raise
        finally:
            del self._launches[sidecar]
        if launch.failure:
            self._held.pop(sidecar, None)
            raise LaunchFailed(launch.failure)
        return launch.pid

    def attach(self, sidecar: SidecarId, offset: int, sink: Sink) -> None:
        """Begins delivery at `offset`, which must be within what the keeper has."""
        held = self._held[sidecar]
        if not held.base <= offset <= held.end:
            raise ValueError(f"The keeper has {held.base} to {held.end}, and not {offset}.")
        held.sink = sink
        self._order(frames.ATTACH, sidecar, offset)

    def send(self, sidecar: SidecarId, n: int, line: bytes) -> None:
        """Hands one line, with its newline, to the sidecar, unless the keeper has had `n`.

        The number 0 is for lines that are not stored and may come twice."""
        self._order(frames.INPUT, sidecar, n, line)

    def acknowledge(self, sidecar: SidecarId, offset: int) -> None:
        """All before `offset` is on disk and may be dropped."""
        held = self._held.get(sidecar)
        if held is None:
            return
        if offset > held.end:
            raise ValueError(f"Only {held.end} bytes came from the sidecar, and not {offset}.")
        if offset > held.base:
            held.base = offset
            self._order(frames.ACKNOWLEDGE, sidecar, offset)

    async def end(self, sidecar: SidecarId, grace: float) -> None:
        """Signals TERM, after `grace` seconds KILL, and kills every descendant. Returns when the
        sink has been told Exit or Lost."""
        held = self._held.get(sidecar)
        if held is None:
            return
        if held.sink is None:
            self.attach(sidecar, held.end, _ignore)
        self._order(frames.END, sidecar, round(grace * 1000))
        await held.ended.wait()

    def kill(self, sidecar: SidecarId) -> None:
        """Kills it and every descendant at once. The sink is told Exit as always."""
        self._order(frames.END, sidecar, 0)

    def forget(self, sidecar: SidecarId) -> None:
        """Drops all there is of it. What it started and still runs is killed."""
        if held := self._held.pop(sidecar, None):
            held.ended.set()
            self._order(frames.FORGET, sidecar)

    def shut_down(self) -> None:
        """Ends the keeper and every sidecar, and with them `run`; the sinks are told Exit or
        Lost."""
        self._shut_down = True
        self._order(frames.SHUTDOWN)

    def _order(self, kind: int, sidecar: str = "", n: int = 0, body: bytes = b"") -> None:
        # Without a keeper there is nobody to tell: its sidecars were reported lost.
        if self.pid is not None:
            self._outbox.append(frame(kind, sidecar.encode("ascii"), n, body))
            self._writer.unpark()

    async def _have_keeper(self) -> None:
        if self.pid is None:
            if self._tried.is_set():
                # The last try failed, and `run` waits until somebody wants another.
                self._tried = trio.Event()
                self._wanted.set()
            await self._tried.wait()
        if self.pid is None:
            raise LaunchFailed(self._failure)

    # The connection

    async def run(
        self, *, task_status: trio.TaskStatus[list[Running]] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Tells what the keeper has once connected, and stays connected.

        Returns after `shut_down`. Raises KeeperFailed when there is no keeper to begin with, and
        Fenced when a newer daemon took over. A keeper that dies later is replaced, after all
        sinks were told Lost.
        """
        peer, running = await self._connect()
        for one in running:
            self._held[one.sidecar] = _Held(one.base, one.end)
        task_status.started(running)
        while True:
            since = trio.current_time()
            await self._serve(peer)
            if self._fenced:
                raise Fenced("A newer daemon has taken over the sidecars.")
            self._tell_lost()
            if self._shut_down:
                return
            await trio.sleep(max(0.0, since + SHORT_LIFE - trio.current_time()))
            peer = await self._connect_again()

    async def _connect(self) -> tuple[socket.socket, list[Running]]:
        try:
            with trio.fail_after(PATIENCE):
                while (reached := await self._reach()) is None:
                    continue
        except trio.TooSlowError as fault:
            raise KeeperFailed(f"The keeper at {self._path} does not answer.") from fault
        self._tried.set()
        return reached

    async def _reach(self) -> tuple[socket.socket, list[Running]] | None:
        """None, after a moment, when the keeper that let us in was on its way out."""
        peer = await ensure_keeper(self._path, self._starter)
        try:
            return peer, await self._greet(peer)
        except ConnectionError:
            peer.close()
            await trio.sleep(AGAIN_AFTER)
            return None
        except BaseException:
            peer.close()
            raise

    async def _connect_again(self) -> socket.socket:
        """Replaces a keeper that died: at once, and when that fails as often as it is wanted."""
        while True:
            try:
                peer, strangers = await self._connect()
            except KeeperFailed as fault:
                self._failure = str(fault)
                self._wanted = trio.Event()
                self._tried.set()
                await self._wanted.wait()
            else:
                break
        for one in strangers:
            # The connection broke and the keeper did not; yet everybody was told they are lost.
            self._held[one.sidecar] = _Held(one.base, one.end)
            self.forget(one.sidecar)
        return peer

    async def _greet(self, peer: socket.socket) -> list[Running]:
        self._inbox.clear()
        self._outbox.clear()
        peer.send(frame(frames.HELLO, n=max(GENERATIONS)))
        pid, running = 0, []
        while data := await _receive(peer):
            self._inbox += data
            for kind, name, n, body in list(take_frames(self._inbox)):
                if kind == frames.HELLO:
                    _check_generation(n)
                    pid = int(body)
                elif kind == frames.RUNNING:
                    end, input_n, its_pid, exited = frames.RUNNING_BODY.unpack(body)
                    sidecar = SidecarId(name.decode("ascii"))
                    running.append(Running(sidecar, n, end, input_n, its_pid, bool(exited)))
                elif kind == frames.READY:
                    self.pid = pid
                    return running
        raise ConnectionResetError

    async def _serve(self, peer: socket.socket) -> None:
        """Until the keeper is gone or somebody else's."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._write, peer)
                await self._read(peer)
                nursery.cancel_scope.cancel()
        finally:
            self.pid = None
            self._tried = trio.Event()
            peer.close()

    async def _read(self, peer: socket.socket) -> None:
        """At once: under load the keeper gathers, and to wait here as well would only be late."""
        while data := await _receive(peer):
            self._inbox += data
            for kind, sidecar, n, body in take_frames(self._inbox):
                self._tell(kind, SidecarId(sidecar.decode("ascii")), n, body)
            if self._fenced:
                return

    async def _write(self, peer: socket.socket) -> None:
        while True:
            while self._outbox:
                data = memoryview(b"".join(self._outbox))
                self._outbox.clear()
                try:
                    while data:
                        data = data[await _send(peer, data) :]
                except OSError:
                    return  # The keeper is gone; `_read` sees it, too.
            await self._writer.park()

    def _tell(self, kind: int, sidecar: SidecarId, n: int, body: bytes) -> None:
        """Hands a frame to whom it concerns. Orders and reports cross: the sidecar may have been
        forgotten meanwhile."""
        if kind == frames.FENCED:
            self._fenced = True
        elif kind in (frames.STARTED, frames.FAILED):
            if launch := self._launches.get(sidecar):
                launch.pid = n
                launch.failure = _failure(n, body) if kind == frames.FAILED else ""
                launch.answered.set()
        elif kind == frames.REFUSED and body == b"attach":
            raise RuntimeError(f"The keeper has sidecar {sidecar} from offset {n} on.")
        elif held := self._held.get(sidecar):
            self._tell_sink(held, kind, sidecar, n, body)

    def _tell_sink(self, held: _Held, kind: int, sidecar: SidecarId, n: int, body: bytes) -> None:
        if kind == frames.OUTPUT:
            held.end = max(held.end, n + len(body))
            if held.sink:
                held.sink(Output(sidecar, n, body))
        elif kind == frames.EXIT:
            signalled = n >= frames.SIGNALLED
            code, signal = (None, n - frames.SIGNALLED) if signalled else (n, None)
            if held.sink:
                held.sink(Exit(sidecar, code, signal, body))
            held.ended.set()

    def _tell_lost(self) -> None:
        for launch in self._launches.values():
            launch.failure = "The keeper ended."
            launch.answered.set()
        lost, self._held = self._held, {}
        for sidecar, held in lost.items():
            if held.sink and not held.ended.is_set():
                held.sink(Lost(sidecar))
            held.ended.set()


def _ignore(_: Report) -> None:
    """The sink of a sidecar that is ended unheard."""


def _check_generation(generation: int) -> None:
    if generation not in GENERATIONS:
        raise KeeperFailed(
            f"The running keeper is of generation {generation}, which this version does not know. "
            "Use the version that started it, or end it with that version's "
            "`claudette shutdown --agents`."
        )


def _failure(code: int, what: bytes) -> str:
    return f"{os.fsdecode(what)}: {os.strerror(code)}"


async def _receive(peer: socket.socket) -> bytes:
    """Empty when the other side is gone."""
    while True:
        await trio.lowlevel.wait_readable(peer)
        try:
            return peer.recv(READ)
        except BlockingIOError:
            continue
        except ConnectionError:
            return b""


async def _send(peer: socket.socket, data: memoryview) -> int:
    while True:
        try:
            return peer.send(data)
        except BlockingIOError:
            await trio.lowlevel.wait_writable(peer)
