"""Real keepers with real children, and what a test waits for instead of sleeping."""

import contextlib
import os
import select
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import trio

from claudetted.protocol.base import SidecarId
from claudetted.sidecar.keeper import frames
from claudetted.sidecar.keeper.frames import frame, take_frames
from claudetted.sidecar.keeper_launch import connect, start_detached
from claudetted.sidecar.link import KeeperLink
from claudetted.sidecar.reports import Exit, Lost, Output, Report, Running

SIDECAR = SidecarId("s234567abcde")
ENV = {"PATH": os.environ["PATH"]}
PATIENCE = 60.0
"""Seconds after which what should happen is given up."""
ECHO = "import sys\nfor line in sys.stdin: print('got', line, end='', flush=True)"
SLEEP = "import signal; print('ready', flush=True); signal.pause()"


def script(text: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", text]


class Ear:
    """A sink that remembers, and wakes whoever waits for what it heard."""

    def __init__(self, offset: int = 0) -> None:
        self.data = bytearray()
        self.offset = offset
        self.exit: Exit | None = None
        self.lost = False
        self._heard = trio.lowlevel.ParkingLot()

    def __call__(self, report: Report) -> None:
        if isinstance(report, Output):
            assert report.offset == self.offset + len(self.data)
            self.data += report.data
        elif isinstance(report, Exit):
            assert self.exit is None
            self.exit = report
        else:
            assert isinstance(report, Lost)
            self.lost = True
        self._heard.unpark_all()

    async def until(self, true: Callable[[], bool]) -> None:
        with trio.fail_after(PATIENCE):
            while not true():
                await self._heard.park()

    async def hears(self, text: bytes) -> None:
        await self.until(lambda: text in self.data)

    async def exits(self) -> Exit:
        await self.until(lambda: self.exit is not None)
        assert self.exit is not None
        return self.exit

    async def is_lost(self) -> None:
        await self.until(lambda: self.lost)


@contextlib.asynccontextmanager
async def linked(path: Path) -> AsyncIterator[tuple[KeeperLink, list[Running]]]:
    """A daemon's link, until the block ends; the keeper stays."""
    link = KeeperLink(path, start_detached)
    async with trio.open_nursery() as nursery:
        running = await nursery.start(link.run)
        yield link, running
        nursery.cancel_scope.cancel()


class Raw:
    """A daemon that speaks frames itself, blocking."""

    def __init__(self, path: Path) -> None:
        peer = connect(path)
        if peer is None:
            raise ConnectionRefusedError(f"There is no keeper at {path}.")
        peer.settimeout(PATIENCE)
        self.peer = peer
        self._inbox = bytearray()
        self._frames: list[tuple[int, bytes, int, bytes]] = []

    def __enter__(self) -> "Raw":
        return self

    def __exit__(self, *_: object) -> None:
        self.peer.close()

    def tell(self, kind: int, sidecar: str = "", n: int = 0, body: bytes = b"") -> None:
        self.peer.sendall(frame(kind, sidecar.encode(), n, body))

    def hear(self, kind: int) -> tuple[int, bytes, int, bytes]:
        """The next frame of this kind; what came before it is dropped."""
        while True:
            while self._frames:
                if (one := self._frames.pop(0))[0] == kind:
                    return one
            data = self.peer.recv(1 << 18)
            if not data:
                raise EOFError
            self._inbox += data
            self._frames += take_frames(self._inbox)

    def hello(self) -> int:
        """The keeper's pid."""
        self.tell(frames.HELLO, n=frames.GENERATION)
        return int(self.hear(frames.HELLO)[3])

    def start(self, argv: list[str], sidecar: str = SIDECAR, cwd: str = "/") -> int:
        words = ["22", cwd, str(len(argv)), *argv, *(f"{k}={v}" for k, v in ENV.items())]
        self.tell(frames.START, sidecar, 0, "\0".join(words).encode())
        return self.hear(frames.STARTED)[2]

    def wait_for_the_end(self) -> None:
        with contextlib.suppress(EOFError, ConnectionResetError):
            while True:
                self.hear(-1)


def end_keeper(path: Path, number: int = signal.SIGTERM) -> None:
    """Ends the keeper of `path`, if there is one, and waits until it is gone."""
    # One that hangs up, or is no more, ends by itself.
    on_its_way = (EOFError, ConnectionError, ProcessLookupError)
    with contextlib.suppress(*on_its_way), Raw(path) as raw, watched(raw.hello()) as keeper:
        signal.pidfd_send_signal(keeper, number)
        assert select.select([keeper], [], [], PATIENCE)[0]


@contextlib.contextmanager
def watched(pid: int) -> Iterator[int]:
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def ended(descriptor: int) -> None:
    with trio.fail_after(PATIENCE):
        await trio.lowlevel.wait_readable(descriptor)


def is_running(descriptor: int) -> bool:
    return not select.select([descriptor], [], [], 0)[0]


def is_there(path: Path) -> bool:
    return path.exists()
