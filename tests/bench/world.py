"""Owns the world of a benchmark: a daemon in places of its own, its clients, and its end."""

import json
import os
import select
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from claudetted.sidecar.keeper import frames
from tests.bench.client import Client, Json, Recorder, connected, sunk
from tests.bench.flood import FLOOD
from tests.support.daemon import RunningDaemon

CHECKOUT = Path(__file__).parents[2]
PYTHON = sys.executable
_CREDENTIALS = struct.Struct("3i")
"""Of the other side of a Unix socket: process, user, group."""
RELAY = [PYTHON, "-m", "tests.bench.relay"]


class World:
    """One daemon on one store. `harness` is what its chats run."""

    def __init__(self, root: Path, env: dict[str, str]) -> None:
        self.root = root
        self.work = root / "work"
        self.env = env
        self.daemon = RunningDaemon(root / "daemon.txt", **env)

    @property
    def data(self) -> Path:
        return self.root / "data"

    def client(self) -> Client:
        return Client(self.daemon.socket)

    def chat(self, client: Client) -> str:
        """A new chat whose sidecar runs."""
        made: Json = client.call("chat/create", cwd=str(self.work), model="none/none")
        return str(made["chat"]["id"])

    def watcher(self, chats: Sequence[str]) -> socket.socket:
        """A connection that is told everything of some chats, and nothing else."""
        client = self.client()
        for chat in chats:
            client.call("event/subscribe", chatId=chat)
        return client.peer

    def end_keeper(self) -> None:
        """Ends it with all sidecars; returns when it is gone. The daemon notices that it was
        replaced, and ends, too."""
        path = self.root / "run/keeper.sock"
        if path.exists():
            with connected(path) as peer, _process_of(peer) as ended:
                hello = frames.frame(frames.HELLO, n=frames.GENERATION)
                peer.sendall(hello + frames.frame(frames.SHUTDOWN) * 2)
                while peer.recv(64 * 1024):
                    pass
                select.select([ended], [], [])


@contextmanager
def _process_of(peer: socket.socket) -> Iterator[int]:
    """A descriptor of the process that listens on the other side; it can be read at its end."""
    told = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    descriptor = os.pidfd_open(_CREDENTIALS.unpack(told)[0])
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def new_world(harness: Path | None = None, **more: str) -> Iterator[World]:
    """Places and no daemon yet."""
    with tempfile.TemporaryDirectory(prefix="cb-", ignore_cleanup_errors=True) as directory:
        root = Path(directory)
        for name in ("work", "home", "run"):
            (root / name).mkdir(mode=0o700)
        env = {
            "HOME": str(root / "home"),
            "CLAUDETTED_DATA_DIR": str(root / "data"),
            "CLAUDETTED_RUNTIME_DIR": str(root / "run"),
            "CLAUDETTE_PI_HARNESS": str(harness or _flood(root / "flood")),
        }
        world = World(root, env | more)
        try:
            yield world
        finally:
            world.end_keeper()


@contextmanager
def running(harness: Path | None = None, **more: str) -> Iterator[World]:
    """A world whose daemon serves."""
    with new_world(harness, **more) as world, world.daemon:
        yield world


def _flood(path: Path) -> Path:
    path.write_text("#!/bin/sh\nexec {} {} {} {}\n".format(*FLOOD))
    path.chmod(0o700)
    return path


@contextmanager
def program(*words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A program of `relay` that has said that it is ready; killed at the end."""
    argv = [*RELAY, *words]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=CHECKOUT) as process:
        try:
            told(process)
            yield process
        finally:
            process.kill()


def told(process: "subprocess.Popen[bytes]") -> Json:
    assert process.stdout
    line: Json = json.loads(process.stdout.readline())
    return line


def relayed(children: int, clients: int, order: Json) -> tuple[float, list[float]]:
    """What a raw relay of the same output costs: processor seconds, and the latencies."""
    with tempfile.TemporaryDirectory(prefix="cb-") as directory, ExitStack() as stack:
        path = os.path.join(directory, "s")
        words = ("pipe", path, str(children), str(clients), json.dumps(order))
        process = stack.enter_context(program(*words))
        peers = [connected(path) for _ in range(children * clients)]
        if clients > 1:
            stack.enter_context(sunk(peers[1:]))
        recorder = Recorder(peers[: children if clients == 1 else 1])
        cost = float(told(process)["cpu"])
        recorder.wait()
        return cost, recorder.latencies()
