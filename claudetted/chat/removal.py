"""Owns what removes a chat, or lets its agent start afresh."""

from contextlib import suppress
from functools import partial
from pathlib import Path

import trio

from claudetted.chat.actor import Actor
from claudetted.chat.manager import Manager
from claudetted.chat.plans import lifecycle
from claudetted.harnesses.harness import Harness
from claudetted.protocol import errors, places
from claudetted.protocol.base import ChatId
from claudetted.protocol.chats import TracesResult


async def traces(manager: Manager, chat_id: ChatId) -> TracesResult:
    """What the agent's own program keeps of the chat: of the sessions since the last reset."""
    actor = await manager.find(chat_id)
    try:
        harness = manager.world.harnesses.find(actor.state.chat.harness)
    except errors.HarnessMissing:
        return TracesResult()
    return await trio.to_thread.run_sync(_kept, harness, places.chat_dir(chat_id) / "sessions")


def _kept(harness: Harness, sessions: Path) -> TracesResult:
    return TracesResult(harness.vendor_history(sessions), harness.vendor_sessions(sessions))


async def delete(manager: Manager, chat_id: ChatId) -> None:
    """Removes a chat with everything, after its agent is gone."""
    actor = await manager.find(chat_id)
    await actor.ask(lifecycle.remove)
    with suppress(errors.ChatNotFound):
        await actor.until(lambda _state, _agent, _events: None)


async def reset(manager: Manager, chat_id: ChatId, hide: bool) -> Actor:
    """A fresh session: the old one is removed after the agent is gone."""
    actor = await manager.find(chat_id)
    await actor.ask(partial(lifecycle.reset, hide=hide))
    await actor.until(lambda _state, agent, _events: not agent.when_gone or None)
    return actor
