"""The daemon in this process, its keeper and its scripted sidecars: all real, all ended."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import keyring.backends.fail
import pytest
import trio

from tests.daemon.client import Client
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, made_home
from tests.fakes import keychain
from tests.fakes.local_server import LocalServer, ollama

NewChat = Callable[..., Awaitable[Chat]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with made_home(tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
async def daemon(home: Home) -> AsyncIterator[Daemon]:
    async with trio.open_nursery() as nursery:
        running = Daemon(home, nursery)
        await running.start()
        yield running
        await running.close()


@pytest.fixture
async def client(daemon: Daemon) -> Client:
    return await daemon.client()


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
def no_keychain() -> Iterator[None]:
    """There is no keychain here: private keys may be kept in a file."""
    with keychain.in_use(keyring.backends.fail.Keyring()):
        yield
