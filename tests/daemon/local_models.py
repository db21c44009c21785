"""Owns a user's local model server, and the backend that is set to it."""

from typing import Any

from tests.daemon.client import Client, Json
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat
from tests.fakes.local_server import LocalServer


async def update(client: Client, backend: str, **changes: Any) -> Json:
    return dict((await client.call("backend/update", backend=backend, **changes))["backend"])


async def tried(client: Client, backend: str) -> Json:
    return dict(await client.call("backend/test", backend=backend))


async def has_ollama(client: Client, server: LocalServer) -> None:
    await update(client, "ollama", url=server.root)
    assert (await tried(client, "ollama"))["ok"]


async def rows(client: Client) -> dict[str, Json]:
    return {row["id"]: row for row in (await client.call("backend/list"))["backends"]}


async def models(client: Client) -> dict[str, Json]:
    return {row["id"]: row for row in (await client.call("model/list"))["models"]}


async def ends_with(puppets: Puppets, chat: Chat, text: str = "one") -> Json:
    """A turn that a puppet plays from its start; the line it was started with."""
    turn = await chat.send(text)
    puppet = await puppets.next()
    start = await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(turn)
    await chat.ended(turn)
    return start
