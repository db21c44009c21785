"""Owns what a run of faults happens to: directories, a daemon, a model, clients that come back."""

import itertools
import os
import resource
import select
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import trio

from claudetted.protocol import places
from tests.daemon.client import Client, Closed, Json, Refused, connect
from tests.fakes.gates import Gates
from tests.fakes.launcher import write_launcher
from tests.fakes.model_server import ModelServer, write_pi_config
from tests.support import aimed_daemon
from tests.support.daemon import RunningDaemon

PI = Path(__file__).parents[2] / "harness/build/pi-harness/claudette-pi-harness"
AGAIN = 0.02
"""Seconds before a client that was cut off tries again."""
PATIENCE = 45.0
_BROKEN = (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError)


class Stuck(Exception):
    """What should have happened long ago has not."""


class Stage:
    """One run's world. Made by `staged`."""

    def __init__(self, root: Path, model: ModelServer, nursery: trio.Nursery) -> None:
        self.root = root
        self.work = root / "work"
        self.effects = root / "effects"
        self.records = root / "records"
        self.model = model
        self.nursery = nursery
        self.daemon = RunningDaemon(root / "daemon.txt")
        self._client: Client | None = None
        self._posting = trio.Lock()
        self._keys = itertools.count(1)

    @property
    def socket(self) -> Path:
        return places.socket_path()

    async def start_daemon(self) -> None:
        await trio.to_thread.run_sync(self.daemon.start)

    async def ask(self, method: str, keyed: bool = False, **params: Any) -> Any:
        """The answer, however often the connection breaks and the disk refuses meanwhile."""
        if keyed:
            params["key"] = f"k{next(self._keys)}"
        with trio.move_on_after(PATIENCE):
            while True:
                try:
                    async with self._posting:
                        client = await self._connected()
                        number = await client.post(method, **params)
                    return await client.result_of(number)
                except (Closed, OSError, *_BROKEN):
                    await self.hang_up()
                except Refused as refused:
                    if refused.name not in ("StoreFull", "ShuttingDown"):
                        raise
                await trio.sleep(AGAIN)
        raise Stuck(f"{method} {params}")

    async def _connected(self) -> Client:
        if self._client is None or self._client.closed:
            await self.hang_up()
            self._client = await connect(self.socket, self.nursery)
        return self._client

    async def hang_up(self) -> None:
        if self._client:
            await self._client.close()
            self._client = None

    async def new_chat(self, real: bool) -> Json:
        env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        if real:
            env |= {"FAULTS_PI": str(PI), "PI_CODING_AGENT_DIR": str(self.root / "agent")}
        model = "fake/large" if real else None
        about = {"cwd": str(self.work), "env": env, "model": model}
        made = await self.ask("chat/create", keyed=True, **about)
        return dict(made["chat"])


@asynccontextmanager
async def staged(mistake: str = "") -> AsyncIterator[Stage]:
    """Everything is ended and removed at the end, also when the run is interrupted."""
    before = dict(os.environ)
    root = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        for name in ("work", "effects", "records", "home"):
            (root / name).mkdir()
        os.environ |= {
            "HOME": str(root / "home"),
            "CLAUDETTED_DATA_DIR": str(root / "data"),
            "CLAUDETTED_RUNTIME_DIR": str(root / "run"),
            "CLAUDETTE_PI_HARNESS": str(root / "harness"),
        }
        with Gates() as gates, ModelServer() as model:
            write_pi_config(root / "agent", model.port)
            _write_harness(root / "harness", gates, root / "records")
            async with trio.open_nursery() as nursery:
                stage = Stage(root, model, nursery)
                if mistake:
                    stage.daemon.program = [aimed_daemon.__file__, "never", "1", mistake]
                try:
                    await stage.start_daemon()
                    yield stage
                finally:
                    with trio.CancelScope(shield=True):
                        await stage.hang_up()
                        _end_daemon(stage.daemon)
                        end_keeper()
                    nursery.cancel_scope.cancel()
    finally:
        os.environ.clear()
        os.environ |= before
        shutil.rmtree(root, ignore_errors=True)


def _write_harness(path: Path, gates: Gates, records: Path) -> None:
    """Real or scripted, as the environment of the chat wants it."""
    scripted = path.with_name("scripted")
    write_launcher(scripted, gates=gates.path, record=str(records))
    choice = '[ -n "$FAULTS_PI" ] && exec "$FAULTS_PI"'
    path.write_text(f"#!/bin/sh\n{choice}\nexec '{scripted}'\n", encoding="utf-8")
    path.chmod(0o700)


def _end_daemon(daemon: RunningDaemon) -> None:
    if daemon.alive:
        with suppress(ProcessLookupError):
            os.kill(daemon.pid, signal.SIGCONT)
        daemon.kill9()


def end_keeper() -> None:
    """With all sidecars; returns when it is gone."""
    pid = keeper_pid()
    if pid is None:
        return
    with os.fdopen(os.pidfd_open(pid), "rb", buffering=0) as ended:
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGTERM)
        select.select([ended], [], [], PATIENCE)


# The machine's processes


def keeper_pid() -> int | None:
    mark = os.fsencode(places.keeper_socket_path())
    for pid in pids():
        words = words_of(pid)
        if words and words[-1] == mark and b"/sidecar/keeper" in b" ".join(words):
            return pid
    return None


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def words_of(pid: int) -> list[bytes]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    return []


def environment_of(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes()
    return b""


def stat_of(pid: int) -> tuple[bytes, int]:
    """State and parent; the state is empty when it is gone."""
    with suppress(OSError, IndexError):
        state, parent, *_ = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return state, int(parent)
    return b"", 0


def matching(wanted: Callable[[int], bool]) -> Iterator[int]:
    return (pid for pid in pids() if pid != os.getpid() and wanted(pid))


def descriptors(pid: int) -> list[str]:
    """What a process holds open that is no file: sockets, pipes, and the like."""
    found = []
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                target = os.readlink(f"/proc/{pid}/fd/{name}")
                if not target.startswith("/"):
                    found.append(target.split(":")[0])
    return sorted(found)


@contextmanager
def full_disk(pid: int, size: int) -> Iterator[None]:
    """The kernel lets no file of the process grow beyond `size`."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
