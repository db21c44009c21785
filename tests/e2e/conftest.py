"""The whole thing: a daemon in its own process, the real Pi, and a model that follows scripts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import trio

from tests.daemon.client import Client, Json, connect
from tests.daemon.world import Chat, Home, made_home
from tests.e2e.stage import Stage, made_stage
from tests.fakes.model_server import ModelServer, write_pi_config
from tests.support.commands import Commands
from tests.support.counting import Counting
from tests.support.daemon import RunningDaemon
from tests.support.follower import Follower

HERE = Path(__file__).parent
PI_HARNESS = HERE.parents[1] / "harness/build/pi-harness/claudette-pi-harness"

STAGES = {"stage", "scripted_stage"}

SOON = 10.0
"""Seconds for a stop. Two are promised, the rest is for a machine that does other things."""

Connect = Callable[[], Awaitable[Client]]


def pi_environment(root: Path) -> dict[str, str]:
    return {"CLAUDETTE_PI_HARNESS": str(PI_HARNESS), "PI_CODING_AGENT_DIR": str(root / "agent")}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of a stage go to one process."""
    for item in items:
        if item.path.parent == HERE and STAGES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """For modules that say `pytestmark = pytest.mark.usefixtures("stage")`: one daemon, with Pi,
    for all of their tests."""
    root = tmp_path_factory.mktemp("stage")
    with made_stage(root, **pi_environment(root)) as made:
        yield made


@pytest.fixture(scope="module")
def scripted_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The same with scripted agents."""
    with made_stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture
def shared(request: pytest.FixtureRequest) -> Stage | None:
    """The stage of the module, if it has one."""
    names = STAGES & set(request.fixturenames)
    return request.getfixturevalue(names.pop()) if names else None


@pytest.fixture
def home(shared: Stage | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with shared.test(tmp_path) if shared else made_home(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def model(
    shared: Stage | None, home: Home, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelServer]:
    """The model; from here on Pi is the harness and is configured for it."""
    agent = home.root / "agent"
    if shared is None:
        for name, value in pi_environment(home.root).items():
            monkeypatch.setenv(name, value)
    with ModelServer() as server:
        write_pi_config(agent, server.port)
        yield server


@pytest.fixture
def daemon(shared: Stage | None, home: Home, model: ModelServer) -> Iterator[RunningDaemon]:
    if shared is None:
        with RunningDaemon(home.root / "daemon.txt") as running:
            yield running
    else:
        yield shared.running()


@pytest.fixture
def commands(shared: Stage | None, home: Home) -> Iterator[Commands]:
    """They start the daemon that they need."""
    made = Commands(home.work)
    with nullcontext() if shared else made:
        yield made


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
