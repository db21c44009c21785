"""Two data directories: neither takes the other's socket, keeper or agents."""

import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from claudette_cli.client.connection import Connection
from claudette_cli.exits import Failure
from claudetted.daemon.lock import AlreadyRunning
from claudetted.daemon.run import serve
from claudetted.protocol import places
from tests.daemon.calls import asked_once, bash
from tests.daemon.world import Chat, Daemon, Home

OTHER_USER = 65534


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def refusal(home: Home, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a daemon for other data says, in the same runtime directory."""
    with monkeypatch.context() as patch:
        patch.setenv("CLAUDETTED_DATA_DIR", str(home.root / "other"))
        with pytest.raises(AlreadyRunning) as told:
            await serve()
    return str(told.value)


async def test_a_second_one_is_refused_and_told_of_the_first(
    home: Home, daemon: Daemon, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn, asked = await asked_once(chat, bash("touch done"))
    said = await refusal(home, monkeypatch)
    assert str(home.root / "data") in said and "CLAUDETTED_RUNTIME_DIR" in said
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert not (home.root / "other/claudetted.db").exists()
    # Clients of the other one would find the first.
    assert (home.root / "other/claudetted.lock").read_text() == "{}\n"


async def test_agents_that_go_on_without_their_daemon_are_not_anothers(
    home: Home, daemon: Daemon, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn, asked = await asked_once(chat, bash("touch done"))
    await daemon.stop()
    assert str(home.root / "data") in await refusal(home, monkeypatch)
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    await again.decide(asked, "allow")
    assert (await again.ended(turn))["reason"] == "done"
    assert (home.work / "done").exists()


async def test_a_directory_that_nobody_needs_any_more_is_free(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with trio.open_nursery() as nursery:
        for data in ("data", "other"):
            monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(home.root / data))
            daemon = Daemon(home, nursery)
            await daemon.start()
            await daemon.stop()
            home.end_keeper()


async def test_data_log_and_database_become_the_users_alone(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = home.root / "data"
    data.mkdir()
    data.chmod(0o755)
    async with trio.open_nursery() as nursery:
        daemon = Daemon(home, nursery)
        await daemon.start()
        await daemon.stop()
        places.database_path().chmod(0o644)
        data.chmod(0o755)
        await daemon.start()
        files = list(data.glob("claudetted.db*"))
        assert {mode(path) for path in files} == {0o600}
        await daemon.stop()
    assert mode(data) == 0o700


class Impostor:
    """Listens in the daemon's place, and remembers what it was sent."""

    def __init__(self, path: Path) -> None:
        self.heard: list[bytes] = []
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(path))
        self._door.listen()
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()

    def _hear(self) -> None:
        try:
            peer, _ = self._door.accept()
        except OSError:
            return
        with peer:
            self.heard.append(peer.recv(1000))

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._door.close()


@pytest.fixture
def impostor(home: Home) -> Iterator[Impostor]:
    made = Impostor(places.socket_path())
    yield made
    made.close()


@pytest.mark.parametrize("wrong", [0o777, 0o770, 0o702])
def test_a_client_sends_nothing_where_others_may_write(
    home: Home, impostor: Impostor, wrong: int
) -> None:
    places.runtime_dir().chmod(wrong)
    with pytest.raises(Failure, match="another user's, so nothing was sent"):
        Connection(str(places.socket_path()), "1")
    assert impostor.heard == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("what", ["directory", "socket"])
def test_a_client_sends_nothing_to_what_another_user_has_made(
    home: Home, impostor: Impostor, what: str
) -> None:
    path = places.socket_path()
    places.runtime_dir().chmod(0o700)
    os.chown(path.parent if what == "directory" else path, OTHER_USER, OTHER_USER)
    with pytest.raises(Failure, match="another user's, so nothing was sent"):
        Connection(str(path), "1")
    assert impostor.heard == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_a_client_sends_nothing_to_another_users_process(home: Home, tmp_path: Path) -> None:
    """Behind a socket that looks right."""
    path = places.socket_path()
    places.runtime_dir().chmod(0o700)
    told, tell = os.pipe()
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(path))
    pid = os.fork()
    if pid == 0:
        os.setresuid(OTHER_USER, OTHER_USER, OTHER_USER)
        door.listen()
        os.write(tell, b"!")
        peer, _ = door.accept()
        os._exit(len(peer.recv(1000)) > 0)
    assert os.read(told, 1) == b"!"
    with pytest.raises(Failure, match=r"process .* is another user's"):
        Connection(str(path), "1")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    door.close()
    for descriptor in (told, tell):
        os.close(descriptor)
