"""Owns the chats: which are loaded, how one is made, found and removed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import msgspec
import trio
from msgspec.structs import replace

from claudetted.chat import ids, life, sidecars, turns, workspaces
from claudetted.chat.actor import Actor
from claudetted.chat.agent import Agent
from claudetted.chat.state import ChatState
from claudetted.chat.step import Step
from claudetted.chat.subject import speaking_of
from claudetted.chat.world import World
from claudetted.protocol import chats, errors
from claudetted.protocol.base import ChatId, SidecarId, TurnId
from claudetted.protocol.chats import Chat
from claudetted.protocol.permissions import Level
from claudetted.protocol.sidecar import LineError
from claudetted.sidecar.reports import Running
from claudetted.store import journal, transcripts

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
"""An actor without subscribers and sidecar is dropped after this long."""

STOP_SECONDS = 1.5
"""An agent that has not stopped by then is ended, with all it started."""

END_SECONDS = 5.0
"""All agents together have so long to end before the keeper ends them."""

_READY = LineError("", "")

decode_state = msgspec.json.Decoder(ChatState).decode
_decode_agent = msgspec.json.Decoder(Agent).decode
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

    async def create(
        self, params: chats.CreateParams, remember: Callable[[Step, object], None]
    ) -> Actor:
        """A new chat. With a model, its agent is started and must know it.

        `remember` is told the answer within the step that makes the chat, or, where the agent has
        a say, once there is an answer.
        """
        if self.closing:
            raise errors.ShuttingDown("The daemon is shutting down; try again in a moment.")
        cwd, workspace = workspaces.find(params.cwd, params.broad)
        level = params.level or self.world.rulebook.setting("default_level", workspace)
        await self.world.block.check(params.model, params.env)
        backend, model = await self.world.routing.choose(
            params.model or "", params.backend or "", workspace=workspace
        )
        chat = replace(
            _new_chat(params, cwd, workspace, level), backend=backend, model=model or None
        )
        await self.world.block.check_chat(chat, params.env)
        await self.world.launcher(params.harness, chat.id, params.env, [])
        actor = Actor(self.world, chat.id, None, Agent(), params.env)
        self._run(actor)

        def plan(step: Step) -> None:
            life.create(step, chat, params.env)
            if not params.model:
                remember(step, chats.ChatResult(step.state.chat))

        await self._first_step(actor, plan)
        if params.model:
            await self._check_model(actor)
            await self._remember_checked(actor, remember)
        return actor

    async def _remember_checked(
        self, actor: Actor, remember: Callable[[Step, object], None]
    ) -> None:
        """When another request with the key was faster, its chat is the one."""
        try:
            await actor.ask(lambda step: remember(step, chats.ChatResult(step.state.chat)))
        except journal.KeyTaken:
            await self.delete(actor.chat_id)
            raise

    async def _first_step(self, actor: Actor, plan: Callable[[Step], None]) -> None:
        """Without it there is no chat. A client that leaves now leaves a whole one or none."""
        try:
            with trio.CancelScope(shield=True):
                await actor.ask(plan)
        except Exception:
            actor.unload()
            raise

    async def stop(self, chat_id: ChatId, by: str) -> TurnId | None:
        """Stops what runs; returns when it has stopped. None when nothing ran."""
        turn_id = await self.begin_stop(chat_id, by)
        if turn_id is not None:
            actor = await self.find(chat_id)
            await actor.until(lambda _state, agent, _events: not agent.stopping or None)
        return turn_id

    async def begin_stop(self, chat_id: ChatId, by: str) -> TurnId | None:
        """Stops what runs without waiting for its end. An agent that hangs is ended."""
        actor = await self.find(chat_id)
        try:
            turn_id = await actor.ask(partial(turns.stop, by=by))
        except errors.StoreFull:
            return await actor.end_unrecorded()
        if turn_id is not None:
            self.world.nursery.start_soon(self._insist, actor, actor.agent.sidecar_id)
        return turn_id

    async def _insist(self, actor: Actor, sidecar_id: SidecarId | None) -> None:
        abort = _open_abort(actor.agent)
        await trio.sleep(STOP_SECONDS)
        if sidecar_id and actor.agent.stopping and _open_abort(actor.agent) == abort:
            actor.end_at_once(sidecar_id)

    async def configure(self, params: chats.ConfigureParams) -> Actor:
        """Changes a chat; what its running agent refuses is taken back and raised."""
        actor = await self.find(params.chat_id)
        before = actor.state.chat
        if params.model or params.backend:
            await self.world.block.check(params.model, actor.env)
            backend, model = await self.world.routing.choose(
                params.model or "", params.backend or "", current=before.backend
            )
            if not model:
                raise errors.ModelUnknown("Name a model, too: none is known yet.", model="")
            params = replace(params, backend=backend, model=model)
            await self.world.block.check_chat(replace(before, model=params.model), actor.env)
            await actor.until(_not_ending)
        n = await actor.ask(partial(life.configure, params=params))
        if n is not None:
            error = await actor.until(partial(_configured, n))
            if error is not _READY:
                await actor.ask(partial(life.take_back, before=before, params=params, n=n))
                raise sidecars.fault_of(error, before.harness)
        return actor

    async def reroute(self, backend: str) -> None:
        """A backend has changed: the agents that run with it are told."""
        for actor in self.loaded:
            if actor.state.chat.backend == backend and actor.agent.sidecar_id:
                await actor.ask(sidecars.reroute)

    async def delete(self, chat_id: ChatId) -> None:
        """Removes a chat with everything, after its agent is gone."""
        actor = await self.find(chat_id)
        await actor.ask(life.remove)
        with suppress(errors.ChatNotFound):
            await actor.until(lambda _state, _agent, _events: None)

    async def reset(self, chat_id: ChatId, hide: bool) -> Actor:
        """A fresh session: the old one is removed after the agent is gone."""
        actor = await self.find(chat_id)
        await actor.ask(partial(life.reset, hide=hide))
        await actor.until(lambda _state, agent, _events: not agent.when_gone or None)
        return actor

    async def end_agents(self) -> None:
        """Ends every agent as one that was asked to, so that the journal says so."""
        with trio.move_on_after(END_SECONDS):
            async with trio.open_nursery() as nursery:
                for actor in self.loaded:
                    if actor.agent.sidecar_id:
                        nursery.start_soon(self._end_agent, actor)

    async def _end_agent(self, actor: Actor) -> None:
        why = "The daemon was shut down with its agents."
        try:
            await actor.ask(partial(sidecars.end_politely, why=why))
            await actor.until(_without_sidecar)
        except (errors.StoreFull, errors.ChatNotFound) as fault:
            with speaking_of(actor.chat_id):
                logger.warning("chat %s ends without a word: %s", actor.chat_id, fault)

    async def recover(self, running: list[Running]) -> None:
        """After a start: takes up every sidecar whose end is not in the journal."""
        known: dict[str, Running] = {entry.sidecar: entry for entry in running}
        live = await self.world.database.read(journal.live_sidecars)
        for sidecar_id, chat_id in live:
            actor = await self.find(ChatId(chat_id))
            actor.attach(known.pop(sidecar_id, None))
            if actor.agent.stopping:
                self.world.nursery.start_soon(self._insist, actor, actor.agent.sidecar_id)
        for stray in known.values():
            logger.warning("ending sidecar %s, which no chat knows", stray.sidecar)
            self.world.nursery.start_soon(self._end_stray, stray.sidecar)

    async def sweep(self) -> None:
        """Drops the actors nobody has used for a while; their chats are rows again."""
        while True:
            await trio.sleep(IDLE_SECONDS)
            unused_since = trio.current_time() - IDLE_SECONDS
            for actor in self.loaded:
                if not actor.busy and actor.used_at < unused_since:
                    actor.unload()

    async def _end_stray(self, sidecar_id: SidecarId) -> None:
        await self.world.keeper.end(sidecar_id, 0.0)
        self.world.keeper.forget(sidecar_id)

    async def _check_model(self, actor: Actor) -> None:
        harness = actor.state.chat.harness
        try:
            await actor.ask(sidecars.ensure)
            error = await actor.until(_started)
        except errors.ChatNotFound:
            message = "The chat was deleted while its agent started."
            raise errors.HarnessFailed(message, harness=harness) from None
        if error is _READY:
            return
        await self.delete(actor.chat_id)
        raise sidecars.fault_of(error, harness)

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
            self._run(actor)
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

    async def _prompts(self, turn_ids: list[TurnId]) -> dict[TurnId, str]:
        if not turn_ids:
            return {}
        names = [str(turn_id) for turn_id in turn_ids]
        rows = await self.world.database.read(partial(transcripts.prompts, turn_ids=names))
        return {TurnId(turn): prompt.decode() for turn, prompt in rows.items()}

    def _run(self, actor: Actor) -> None:
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


def _new_chat(params: chats.CreateParams, cwd: str, workspace: str, level: Level) -> chats.Chat:
    at = ids.now()
    return chats.Chat(
        ChatId(ids.new_id()),
        cwd,
        workspace,
        params.title or "",
        params.harness,
        level,
        chats.Status("idle"),
        at,
        at,
        title_source="person" if params.title else "auto",
        model=params.model,
        thinking=params.thinking,
    )


def _open_abort(agent: Agent) -> int | None:
    """The number of the last abort that is not answered: each stop has its own."""
    return max((n for n, one in agent.requests.items() if one.kind == "abort"), default=None)


def _started(_state: ChatState, agent: Agent, _events: object) -> LineError | None:
    """How the start of a sidecar went, once it is known."""
    return agent.start_error or (_READY if agent.stage == "ready" else None)


def _without_sidecar(_state: ChatState, agent: Agent, _events: object) -> bool | None:
    return agent.stage == "none" or None


def _not_ending(_state: ChatState, agent: Agent, _events: object) -> bool | None:
    return agent.stage != "ending" or None


def _configured(n: int, _state: ChatState, agent: Agent, _events: object) -> LineError | None:
    """The answer to a request, or to the start it made: why it was refused, or that it was not."""
    if n in agent.requests:
        return None
    return agent.refusals.get(n) or agent.start_error or _READY
