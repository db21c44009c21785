"""Owns the world of one test: places of its own, a keeper, scripted sidecars, and its end."""

import os
import resource
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pytest
import trio
from msgspec.structs import replace

from claudetted.chat import stopping
from claudetted.daemon.run import Serving, serve
from claudetted.protocol import places
from claudetted.providers import claude_cli, probes
from claudetted.providers.claude import TOKENS
from claudetted.providers.kinds import KINDS
from claudetted.sidecar import leftovers, link, login_shell
from claudetted.sidecar.box import probe as box_probe
from claudetted.store import writer
from tests.daemon import keeping, remote
from tests.daemon.client import PATIENCE, Client, Json, Refused, connect
from tests.daemon.keeping import Runtime, made_runtime
from tests.fakes.gates import Gates
from tests.fakes.launcher import write_launcher
from tests.support.ports import own_port

Door = Literal["unix", "websocket"]
"""Where a test's clients come in."""

NOBODY = "http://127.0.0.1:9"
"""An address where nobody listens."""
STOP_SECONDS = stopping.STOP_SECONDS
_PROCESS_BYTES = 256 * 1024
"""More than any program of the tests has of words or of environment."""


class Home:
    """Directories and environment of one test. Ends every process at the end, and checks it."""

    def __init__(self, root: Path, runtime: Path, gates: Gates, keeper: int = 0) -> None:
        self.root = root
        self.runtime = runtime
        self.gates = gates
        self.harness = root / "harness"
        self.work = root / "work"
        self._foreign = _pids() - {keeper}
        self.work.mkdir()
        self.set_sidecar()

    def set_sidecar(self, **options: str) -> None:
        """What the next sidecars are like; see `tests.fakes.sidecar.life`."""
        write_launcher(self.harness, gates=self.gates.path, **options)

    def processes(self) -> list[str]:
        """Every process that belongs to this test, without ourselves."""
        return [f"{pid}: {words}" for pid, words in self.owned()]

    def owned(self) -> Iterator[tuple[int, str]]:
        """Pid and words of each."""
        mark = os.fsencode(self.runtime)
        for pid in _pids() - self._foreign:
            with suppress(OSError):
                words = _read(f"/proc/{pid}/cmdline")
                # A thread of the kernel has none.
                if words and (mark in words or mark in _read(f"/proc/{pid}/environ")):
                    yield pid, words.decode(errors="replace")

    def end_keeper(self) -> None:
        """Ends the keeper with every sidecar; returns when it is gone."""
        keeping.end(places.keeper_socket_path())
        for pid, words in list(self.owned()):
            if "/sidecar/keeper" in words:
                keeping.wait_for(pid)


def _pids() -> set[int]:
    """Those of every process, ourselves included."""
    if sys.platform != "linux":
        return set()
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def _read(path: str) -> bytes:
    """All of a small file, as every test asks for many."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, _PROCESS_BYTES)
    finally:
        os.close(descriptor)


@contextmanager
def made_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: Runtime | None = None
) -> Iterator[Home]:
    """With a runtime directory of its own, or one that other tests had, and have, too."""
    umask = os.umask(0o022)
    with ExitStack() as held:
        place = runtime or held.enter_context(made_runtime())
        place.clear()
        gates = held.enter_context(Gates())
        home = Home(tmp_path, place.path, gates, place.keeper)
        user = tmp_path / "home"
        user.mkdir()
        # Whoever runs the tests may have servers of his own.
        for name in ("ollama", "lmstudio"):
            monkeypatch.setitem(KINDS, name, replace(KINDS[name], url=NOBODY))
        # A busy machine may take longer for an answer than a user would wait for it.
        monkeypatch.setattr(probes, "SECONDS", PATIENCE)
        monkeypatch.setattr(claude_cli, "PATIENCE_SECONDS", PATIENCE)
        monkeypatch.setattr(link, "PATIENCE", PATIENCE)
        monkeypatch.setattr(login_shell, "PATIENCE_SECONDS", PATIENCE)
        monkeypatch.setattr(box_probe, "SECONDS", PATIENCE)
        monkeypatch.setattr(stopping, "STOP_SECONDS", PATIENCE)
        monkeypatch.setattr(leftovers, "KILL_SECONDS", PATIENCE)
        monkeypatch.setenv("HOME", os.fspath(user))
        for name in TOKENS:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("CLAUDETTED_DATA_DIR", os.fspath(tmp_path / "data"))
        monkeypatch.setenv("CLAUDETTED_RUNTIME_DIR", os.fspath(place.path))
        monkeypatch.setenv("CLAUDETTE_PI_HARNESS", os.fspath(home.harness))
        try:
            yield home
        finally:
            place.keeper = keeping.emptied(places.keeper_socket_path()) if runtime else 0
            if not place.keeper:
                home.end_keeper()
            os.umask(umask)
        left = [f"{pid}: {words}" for pid, words in home.owned() if pid != place.keeper]
        assert left == [], left


class Daemon:
    """A daemon in this process: started, stopped and started again on the same data."""

    def __init__(self, home: Home, nursery: trio.Nursery, door: Door = "unix") -> None:
        self.home = home
        self.door = door
        self._token = ""
        self._port = 0
        self._nursery = nursery
        self._ended = trio.Event()
        self._clients: list[Client] = []
        self._held = ExitStack()
        self.serving: Serving | None = None

    @property
    def socket(self) -> Path:
        assert self.serving
        return self.serving.socket

    async def start(self) -> None:
        self._ended = trio.Event()
        self.serving = await self._nursery.start(self._run)

    async def _run(self, *, task_status: trio.TaskStatus[Serving]) -> None:
        try:
            await serve(task_status=task_status)
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """In order, as a signal does it. The agents go on."""
        assert self.serving
        self.serving.stop.set()
        await self.ended()

    async def ended(self) -> None:
        with trio.fail_after(PATIENCE):
            await self._ended.wait()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def client(self, **options: int) -> Client:
        """One more client; it is closed with the test."""
        if self.door == "websocket":
            client = await self._from_elsewhere(**options)
        else:
            client = await connect(self.socket, self._nursery, **options)
        self._clients.append(client)
        return client

    async def _from_elsewhere(self, **options: int) -> Client:
        """On a WebSocket, as a device that may do everything."""
        if not self._token:
            local = await connect(self.socket, self._nursery)
            # The same place after a restart.
            self._port = self._held.enter_context(own_port())
            await remote.enabled(local, listen=f"127.0.0.1:{self._port}")
            self._token = (await remote.paired(local, self._port))["token"]
            await local.close()
        return await remote.opened(self._port, self._token, self._nursery, **options)

    async def close(self) -> None:
        for client in self._clients:
            await client.close()
        await self.stop()
        self._held.close()


class Chat:
    """One chat, seen through one client."""

    def __init__(self, client: Client, chat: Json) -> None:
        self.client = client
        self.id: str = chat["id"]
        self.made = chat

    async def call(self, method: str, **params: Any) -> Any:
        return await self.client.call(method, chatId=self.id, **params)

    async def refused(self, method: str, **params: Any) -> Refused:
        return await self.client.refused(method, chatId=self.id, **params)

    async def get(self) -> Json:
        return dict((await self.call("chat/get"))["chat"])

    async def send(self, text: str, **params: Any) -> str:
        """The turn's id."""
        return str((await self.call("turn/send", text=text, **params))["turnId"])

    async def ended(self, turn_id: str | None = None) -> Json:
        """The turn, when it has ended."""
        params = {"turnId": turn_id} if turn_id else {}
        return dict((await self.call("turn/wait", **params))["turn"])

    async def turn(self, text: str, **params: Any) -> Json:
        """Sends, and waits for the end."""
        return await self.ended(await self.send(text, **params))

    async def items(self, kind: str | None = None, **params: Any) -> list[Json]:
        """The transcript."""
        page = await self.call("chat/history", limit=200, **params)
        return [item for item in page.get("items", []) if kind is None or item["kind"] == kind]

    async def texts(self, kind: str = "message") -> list[str]:
        """What was said for good."""
        items = await self.items(kind)
        return [item.get("text", "") for item in items if item["status"] != "discarded"]

    async def notices(self) -> list[tuple[str, str]]:
        return [(item["notice"], item["text"]) for item in await self.items("notice")]

    async def snapshot(self) -> Json:
        """As another client would get it now."""
        return dict((await self.call("event/subscribe"))["snapshot"])

    # What the subscription has told

    def events(self, kind: str | None = None) -> list[Json]:
        return [params["event"] for params in self.client.events(kind, self.id)]

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events()]

    async def event(self, kind: str, wanted: Callable[[Json], Any] = bool) -> Json:
        """The first event of a kind that is wanted, told already or not."""
        found = await self.client.until(
            lambda: next((event for event in self.events(kind) if wanted(event)), None)
        )
        return dict(found)

    async def status(self, name: str) -> Json:
        """The status, once it has been this one last."""

        def last() -> Json | None:
            told = self.events("status/changed")
            return told[-1]["status"] if told and told[-1]["status"]["name"] == name else None

        return dict(await self.client.until(last))

    async def asked(self, count: int = 1) -> list[Json]:
        """The open permissions, once there are so many."""

        def find() -> list[Json] | None:
            resolved = {event["permissionId"] for event in self.events("permission/resolved")}
            opened = [event["permission"] for event in self.events("permission/opened")]
            found = [asked for asked in opened if asked["id"] not in resolved]
            return found if len(found) >= count else None

        return list(await self.client.until(find))

    async def decide(self, permission: Json, decision: str, **params: Any) -> Any:
        return await self.client.call(
            "permission/decide", permissionId=permission["id"], decision=decision, **params
        )

    async def said(self, text: str) -> None:
        """Returns when the deltas told so far hold this."""
        await self.client.until(lambda: text in self.streamed())

    def streamed(self) -> str:
        return "".join(delta["text"] for delta in self.client.deltas(self.id))


async def alone(client: Client) -> None:
    """Returns when the daemon has done with every other client."""
    with trio.fail_after(PATIENCE):
        while (await client.call("daemon/status"))["clients"] > 1:
            await trio.lowlevel.checkpoint()


async def gone(pid: int) -> None:
    """Returns when a process has ended."""
    with trio.fail_after(PATIENCE):
        if sys.platform != "linux":
            while _exists(pid):
                await trio.lowlevel.checkpoint()
            return
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            await trio.lowlevel.wait_readable(descriptor)
        finally:
            os.close(descriptor)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Held:
    """What is committed, while the daemon does not know it yet."""

    def __init__(self) -> None:
        self._came = trio.Event()
        self._rounds: list[list[writer._Job[Any]]] = []

    def take(self, jobs: list[writer._Job[Any]]) -> None:
        self._rounds.append(jobs)
        self._came.set()

    async def came(self) -> None:
        """Returns when there is something."""
        with trio.fail_after(PATIENCE):
            await self._came.wait()

    def let_go(self) -> None:
        rounds, self._rounds = self._rounds, []
        for jobs in rounds:
            _deliver(jobs)


_deliver = writer._deliver


@contextmanager
def held_commits() -> Iterator[Held]:
    """Commits reach the disk, and whoever waits for them hears of it when they are let go."""
    held = Held()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(writer, "_deliver", held.take)
            yield held
    finally:
        held.let_go()


@contextmanager
def full_disk() -> Iterator[None]:
    """Nothing that the database would grow by can be stored: the kernel refuses it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_end_of_log(), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _end_of_log() -> int:
    """Where SQLite's log goes on. Its file may be longer: by what is being written just now."""
    path = places.database_path()
    with path.with_name(f"{path.name}-shm").open("rb") as index:
        page, frames_written = struct.unpack("=14xHI", index.read(20))
    return int(32 + frames_written * (24 + page))
