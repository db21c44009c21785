"""Owns the registry of chats: which are loaded, and how one is found."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import msgspec
import trio

from claudetted.chat import ids
from claudetted.chat.actor import Actor
from claudetted.chat.log_context import speaking_of
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.chat.state.message import Message
from claudetted.chat.world import World
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId, TurnId
from claudetted.protocol.chats import Chat
from claudetted.protocol.turns import Turn
from claudetted.store import journal, transcripts

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
"""An actor without subscribers and sidecar is dropped after this long."""

decode_state = msgspec.json.Decoder(ChatState).decode
_decode_agent = msgspec.json.Decoder(Agent).decode
_decode_turn = msgspec.json.Decoder(Turn).decode
_decode_env = msgspec.json.Decoder(dict[str, str]).decode


class Manager:
    """Every chat of the user. Loaded ones have an actor; the others are rows.

    Error handling: the bulkhead of a chat is here: an actor that fails is dropped and logged,
    and loaded afresh when it is next asked for.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.closing = False
        """No new work is taken."""
        self._actors: dict[ChatId, Actor] = {}
        self._loading: dict[ChatId, trio.Event] = {}
        self._failed: set[ChatId] = set()
        """Chats whose task has failed since they were last loaded."""

    @property
    def loaded(self) -> list[Actor]:
        return [actor for actor in self._actors.values() if actor.begun]

    def loaded_chat(self, chat_id: ChatId) -> Chat | None:
        """A chat that has an actor, as it is now."""
        actor = self._actors.get(chat_id)
        return actor.state.chat if actor and not actor.gone else None

    async def until_unneeded(self, chat_id: ChatId) -> None:
        """Returns when the chat needs no person any more, or is gone."""
        actor = self._actors.get(chat_id)
        if actor:
            with suppress(errors.Fault):
                await actor.until(lambda state, _agent, _events: not state.chat.attention or None)

    async def find(self, chat_id: ChatId) -> Actor:
        """The actor of a chat, loaded if need be. Raises ChatNotFound."""
        while chat_id in self._loading:
            await self._loading[chat_id].wait()
        actor = self._actors.get(chat_id)
        if actor is None or actor.gone:
            actor = await self._load(chat_id)
        if chat_id in self._failed:
            self._failed.remove(chat_id)
            actor.lose()
        actor.used_at = trio.current_time()
        return actor

    async def sweep(self) -> None:
        """Drops the actors nobody has used for a while; their chats are rows again."""
        while True:
            await trio.sleep(IDLE_SECONDS)
            unused_since = trio.current_time() - IDLE_SECONDS
            for actor in self.loaded:
                if not actor.busy and actor.used_at < unused_since:
                    actor.unload()

    async def _load(self, chat_id: ChatId) -> Actor:
        with self._announced(chat_id):
            stored = await self.world.database.read(partial(journal.load_chat, chat_id=chat_id))
            if stored is None:
                raise errors.ChatNotFound(f"There is no chat {chat_id}.", chat_id=chat_id)
            state = decode_state(stored.state)
            agent = _decode_agent(stored.agent)
            waiting = [entry.turn_id for entry in state.queue] + agent.steers
            prompts = await self._prompts(waiting)
            env = _decode_env(stored.env)
            actor = Actor(self.world, chat_id, state, agent, env, stored, prompts)
            self.add(actor)
            return actor

    @contextmanager
    def _announced(self, chat_id: ChatId) -> Iterator[None]:
        """Others that want the chat wait until it is loaded."""
        loaded = self._loading[chat_id] = trio.Event()
        try:
            yield
        finally:
            del self._loading[chat_id]
            loaded.set()

    async def _prompts(self, turn_ids: list[TurnId]) -> dict[TurnId, Message]:
        if not turn_ids:
            return {}
        names = [str(turn_id) for turn_id in turn_ids]
        rows = await self.world.database.read(partial(transcripts.prompts, turn_ids=names))
        return {
            TurnId(turn): Message(prompt.decode(), _decode_turn(body).images)
            for turn, (body, prompt) in rows.items()
        }

    def add(self, actor: Actor) -> None:
        """Runs the task of a chat that has just been made or loaded."""
        self._actors[actor.chat_id] = actor
        self.world.nursery.start_soon(self._guard, actor)

    async def _guard(self, actor: Actor) -> None:
        """The chat bulkhead: a fault of one chat is not the end of the others."""
        with speaking_of(actor.chat_id):
            try:
                await actor.run()
            except Exception:
                log_id = ids.new_id()
                logger.exception("fault %s: chat %s failed", log_id, actor.chat_id)
                message = f"The chat failed; the daemon's log has the details under {log_id}."
                actor.fail(errors.Internal(message, log_id=log_id))
                self._give_up(actor)
            finally:
                if self._actors.get(actor.chat_id) is actor:
                    del self._actors[actor.chat_id]

    def _give_up(self, actor: Actor) -> None:
        """Who follows the chat has to come again. Its sidecar may have said what it failed of."""
        actor.hub.give_up()
        self._failed.add(actor.chat_id)
        if actor.agent.sidecar_id:
            self.world.keeper.forget(actor.agent.sidecar_id)
