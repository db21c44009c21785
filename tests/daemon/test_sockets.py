"""The daemon's door: one daemon for one place, found again whatever happens to its files."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
import trio

from claudetted.daemon.lock import AlreadyRunning
from claudetted.daemon.run import serve
from claudetted.protocol import places
from claudetted.rpc.doors import unix
from tests.daemon.client import PATIENCE, Client
from tests.daemon.world import Chat, Daemon, Home
from tests.support.daemon import RunningDaemon


async def until_there(path: Path) -> None:
    """Nothing tells of a new name in a directory that may not exist: this looks."""

    def look() -> None:
        give_up = time.monotonic() + PATIENCE
        while not os.path.lexists(path):
            assert time.monotonic() < give_up
            time.sleep(0.01)

    await trio.to_thread.run_sync(look)


@pytest.mark.parametrize("how", ["socket", "directory"])
async def test_a_vanished_socket_comes_back(
    home: Home, daemon: Daemon, client: Client, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(unix, "_LOOK_SECONDS", 0.05)
    path, instance = daemon.socket, (await client.call("daemon/status"))["instance"]
    if how == "socket":
        path.unlink()
    else:
        shutil.rmtree(path.parent)
        await until_there(places.keeper_socket_path())
    await until_there(path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    other = await daemon.client()
    told = [await one.call("daemon/status") for one in (other, client)]
    assert [(status["instance"], status["clients"]) for status in told] == [(instance, 2)] * 2


@pytest.mark.parametrize("whose", ["ours", "another's", "nobody's"])
async def test_a_daemon_that_ends_removes_its_own_socket_alone(daemon: Daemon, whose: str) -> None:
    path = daemon.socket
    if whose != "ours":
        path.unlink()
    if whose == "another's":
        path.touch()
    await daemon.stop()
    assert path.exists() == (whose == "another's")


async def test_a_chat_goes_on_while_the_socket_is_away(
    home: Home, daemon: Daemon, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unix, "_LOOK_SECONDS", 0.05)
    turn = await chat.send("@text one @hold door @text two")
    await home.gates.held("door")
    daemon.socket.unlink()
    await until_there(daemon.socket)
    home.gates.release("door")
    assert (await chat.ended(turn))["reason"] == "done"


async def test_a_second_daemon_says_who_the_first_is(daemon: Daemon, client: Client) -> None:
    with pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
        await serve()
    assert (await client.call("daemon/status"))["pid"] == os.getpid()


async def test_a_dead_holder_of_the_lock_is_in_nobodys_way(home: Home) -> None:
    with RunningDaemon(home.root / "daemon.txt") as daemon:
        first = daemon.ready["instance"]
        daemon.kill9()
        held = json.loads(places.lock_path().read_text())
        assert held["instance"] == first
        daemon.start()
        told = json.loads(places.lock_path().read_text())
        assert (told["pid"], told["instance"]) == (daemon.pid, daemon.ready["instance"])
        assert told["instance"] != first


async def test_two_first_clients_start_one_daemon(home: Home) -> None:
    words = [sys.executable, "-c", "from claudette_cli.main import main; main()", "ls"]

    async def list_chats() -> None:
        await trio.run_process(words, capture_stdout=True, capture_stderr=True)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(list_chats)
    pid = json.loads(places.lock_path().read_text())["pid"]
    daemons = [line for line in home.processes() if "-m\0claudetted\0" in line]
    assert [int(line.split(":")[0]) for line in daemons] == [pid]
    with os.fdopen(os.pidfd_open(pid), "rb", buffering=0) as ended:
        os.kill(pid, signal.SIGTERM)
        with trio.fail_after(PATIENCE):
            await trio.lowlevel.wait_readable(ended)
