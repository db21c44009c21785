"""The daemon in this process, its keeper and its scripted sidecars: all real, all ended."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import keyring.backends.fail
import pytest
import trio

from claudetted.chat import stopping
from tests.daemon import databases
from tests.daemon.client import Client
from tests.daemon.keeping import Runtime, shared_runtime
from tests.daemon.machine import remember_answers
from tests.daemon.puppet import Puppets
from tests.daemon.world import STOP_SECONDS, Chat, Daemon, Door, Home, made_home
from tests.fakes import keychain
from tests.fakes.local_server import LocalServer, ollama
from tests.support.ports import own_port

NewChat = Callable[..., Awaitable[Chat]]


@pytest.fixture(scope="session")
def runtime() -> Iterator[Runtime]:
    with shared_runtime() as runtime:
        yield runtime


@pytest.fixture(scope="session")
def new_database() -> Iterator[sqlite3.Connection]:
    with databases.made() as made:
        yield made


@pytest.fixture
def home(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    runtime: Runtime,
    new_database: sqlite3.Connection,
) -> Iterator[Home]:
    remember_answers(monkeypatch)
    databases.copy_when_new(monkeypatch, new_database)
    with made_home(tmp_path, monkeypatch, runtime) as made:
        yield made


BOTH_DOORS = ("test_clients", "test_events", "test_permissions")
"""The suites whose clients come in through each door."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    suite = metafunc.module.__name__.rpartition(".")[2]
    if suite in BOTH_DOORS and "door" in metafunc.fixturenames:
        own = metafunc.definition.get_closest_marker("unix_only") is not None
        metafunc.parametrize("door", ["unix"] if own else ["unix", "websocket"])


@pytest.fixture
def door() -> Door:
    return "unix"


@pytest.fixture
async def daemon(home: Home, door: Door) -> AsyncIterator[Daemon]:
    async with trio.open_nursery() as nursery:
        running = Daemon(home, nursery, door)
        await running.start()
        yield running
        await running.close()


@pytest.fixture
async def client(daemon: Daemon) -> Client:
    return await daemon.client()


@pytest.fixture
def ends_what_hangs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that does not stop is ended as soon as it is for a user."""
    monkeypatch.setattr(stopping, "STOP_SECONDS", STOP_SECONDS)


@pytest.fixture
def new_chat(home: Home, client: Client) -> NewChat:
    """Makes chats in the test's directory; their client follows them."""

    async def make(**params: Any) -> Chat:
        made = await client.call("chat/create", **{"cwd": str(home.work), **params})
        chat = Chat(client, made["chat"])
        await chat.call("event/subscribe")
        return chat

    return make


@pytest.fixture
async def chat(new_chat: NewChat) -> Chat:
    return await new_chat()


@pytest.fixture
async def puppets(home: Home) -> AsyncIterator[Puppets]:
    """The next sidecars are played by the test."""
    stage = Puppets(home.runtime, home.harness)
    await stage.open()
    yield stage
    await stage.close()


@pytest.fixture
def server() -> Iterator[LocalServer]:
    """A user's Ollama, which the daemon knows once it is told."""
    with ollama(library___llama3=8_192, qwen3__5=None) as running:
        yield running


@pytest.fixture
def address() -> Iterator[str]:
    """Where the daemon may listen, and listen again, and otherwise nobody does."""
    with own_port() as port:
        yield f"127.0.0.1:{port}"


@pytest.fixture
def no_keychain() -> Iterator[None]:
    """There is no keychain here: private keys may be kept in a file."""
    with keychain.in_use(keyring.backends.fail.Keyring()):
        yield
