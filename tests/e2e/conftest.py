"""The whole thing: a daemon in its own process, the real Pi, and a model that follows scripts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import trio

from tests.daemon.client import Client, Json, connect
from tests.daemon.world import Chat, Home, made_home
from tests.fakes.model_server import ModelServer, write_pi_config
from tests.support.counting import Counting
from tests.support.daemon import RunningDaemon
from tests.support.follower import Follower

PI_HARNESS = Path(__file__).parents[2] / "harness/build/pi-harness/claudette-pi-harness"

Connect = Callable[[], Awaitable[Client]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with made_home(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def model(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    """The model; from here on Pi is the harness and is configured for it."""
    agent = home.root / "agent"
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(PI_HARNESS))
    monkeypatch.setenv("PI_CODING_AGENT_DIR", str(agent))
    with ModelServer() as server:
        write_pi_config(agent, server.port)
        yield server


@pytest.fixture
def daemon(home: Home, model: ModelServer) -> Iterator[RunningDaemon]:
    with RunningDaemon(home.root / "daemon.txt") as running:
        yield running


@pytest.fixture
async def connected(daemon: RunningDaemon) -> AsyncIterator[Connect]:
    """Connects to whichever daemon serves now. Every client is closed with the test."""
    clients: list[Client] = []
    async with trio.open_nursery() as nursery:

        async def make() -> Client:
            clients.append(await connect(daemon.socket, nursery))
            return clients[-1]

        yield make
        for client in clients:
            await client.close()


async def watched(client: Client, chat: Json) -> Chat:
    """The chat as this client sees it from now on."""
    await client.call("event/subscribe", chatId=chat["id"])
    return Chat(client, chat)


@pytest.fixture
async def chat(connected: Connect, home: Home) -> Chat:
    client = await connected()
    made = await client.call("chat/create", cwd=str(home.work), model="fake/small")
    return await watched(client, made["chat"])


@pytest.fixture
async def world(home: Home) -> AsyncIterator[Counting]:
    daemon = RunningDaemon(home.root / "daemon.txt")
    async with trio.open_nursery() as nursery:
        yield Counting(home, daemon, nursery)
    if daemon.alive:
        daemon.kill9()


@pytest.fixture
async def follower(world: Counting) -> AsyncIterator[Follower]:
    one = await world.begin()
    yield one
    await one.close()


@pytest.fixture
def outside(home: Home) -> Path:
    """A directory that is not the workspace's, and ways there from inside."""
    place = home.root / "outside"
    place.mkdir()
    (place / "secret.txt").write_text("secret\n")
    (home.work / "link").symlink_to(place)
    (home.work / "file-link.txt").symlink_to(place / "secret.txt")
    return place
