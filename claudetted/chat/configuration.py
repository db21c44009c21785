"""Owns changes of a chat's model, level and environment, and taking back what its agent refuses."""

from contextlib import suppress
from functools import partial

from msgspec.structs import replace

from claudetted.chat import gate, workspaces
from claudetted.chat.actor import Actor
from claudetted.chat.manager import Manager
from claudetted.chat.plans import agent_process, lifecycle
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.protocol import chats, errors
from claudetted.protocol.backends import FIRST
from claudetted.protocol.sidecar import LineError
from claudetted.sidecar.faults import fault_of

_READY = LineError("", "")


async def configure(manager: Manager, params: chats.ConfigureParams) -> Actor:
    """Changes a chat; what its running agent refuses is taken back and raised."""
    actor = await manager.find(params.chat_id)
    with actor.in_use():
        if params.cwd is None:
            await _configure(manager, actor, params)
        else:
            await _move(manager, actor, params)
    return actor


async def _configure(manager: Manager, actor: Actor, params: chats.ConfigureParams) -> None:
    before = actor.state.chat
    if params.harness and params.harness != before.harness:
        raise _keeps_its_agent(before, params.harness)
    if params.model or params.backend:
        if before.harness == FIRST:
            await manager.world.block.check(params.model, actor.env)
        _, backend, model = await manager.world.routing.choose(
            params.model or "",
            params.backend or "",
            harness=before.harness,
            current=before.backend,
        )
        if not model:
            raise errors.ModelUnknown("Also name a model; none is known yet.", model="")
        params = replace(params, backend=backend, model=model)
        await manager.world.block.check_chat(replace(before, model=params.model), actor.env)
        await actor.until(_not_ending)
    manager.world.check_level(params.level)
    gate.check_asks(before.harness, before.capabilities, params.level)
    n = await actor.ask(partial(lifecycle.configure, params=params))
    if n is not None:
        error = await actor.until(partial(_configured, n))
        if error is not _READY:
            await actor.ask(partial(lifecycle.take_back, before=before, params=params, n=n))
            raise await manager.world.routing.with_nearest(fault_of(error, before.harness))


def _keeps_its_agent(chat: chats.Chat, wanted: str) -> errors.NotSupported:
    message = (
        f"The agent of this chat is {chat.harness} and cannot be changed: its session holds what "
        f"was said. Begin another chat: claudette new --agent {wanted}"
    )
    return errors.NotSupported(message, harness=chat.harness, capability="models")


async def _move(manager: Manager, actor: Actor, params: chats.ConfigureParams) -> None:
    """Raises WorkspaceMissing, WorkspaceForbidden, ChatBusy."""
    if params.model or params.backend or params.level or params.thinking:
        message = "A chat is moved first and otherwise changed then: give cwd by itself."
        raise errors.InvalidParams(message, path="$.cwd")
    cwd, workspace = workspaces.find(params.cwd or "", params.broad)
    left = actor.state.chat.workspace
    rules = sum(
        rule.scope == "workspace" and rule.subject == left for rule in manager.world.rulebook.rules
    )
    await actor.ask(partial(lifecycle.move, cwd=cwd, workspace=workspace, rules=rules))


async def make_ready(manager: Manager, actor: Actor) -> None:
    """Before a message is sent to a chat. Raises HarnessMissing, AnthropicBlocked and StoreFull."""
    await _follow_default(manager, actor)
    await prepare(manager, actor)


async def prepare(manager: Manager, actor: Actor) -> None:
    """Makes the gate sure of what only programs can tell, before the chat is made to work."""
    started = actor.agent.stage != "none"
    await gate.ask_programs(manager.world, actor.state.chat, actor.env, started=started)


async def _follow_default(manager: Manager, actor: Actor) -> None:
    """A chat for which nobody chose a model, and that none has answered, has the default of now."""
    chat = actor.state.chat
    if not lifecycle.takes_default(chat, actor.agent):
        return
    harness, backend, model = await manager.world.routing.default_of_now(chat.workspace)
    if harness == chat.harness and (backend, model) != (chat.backend, chat.model or ""):
        await actor.ask(partial(lifecycle.begin_with, backend=backend, model=model))


async def show_default(manager: Manager, actor: Actor) -> None:
    """A chat that is looked at shows the default of now before something is sent to it. What stands
    against that default is said then."""
    chat = actor.state.chat
    default = manager.world.rulebook.setting("default_model", chat.workspace)
    if default == (chat.model or ""):
        return
    with suppress(errors.Fault):
        await _follow_default(manager, actor)


async def carry(actor: Actor, env: dict[str, str]) -> None:
    """Takes over what a client carries of its environment. Raises StoreFull."""
    if any(actor.env.get(name, "") != value for name, value in env.items()):
        known = actor.env
        await actor.ask(partial(lifecycle.carry_environment, known=known, carried=env))


async def reroute(manager: Manager, backend: str) -> None:
    """A backend has changed: the agents that run with it are told."""
    for actor in manager.loaded:
        if actor.state.chat.backend == backend and actor.agent.sidecar_id:
            await actor.ask(agent_process.reroute)


def _not_ending(_state: ChatState, agent: Agent, _events: object) -> bool | None:
    return agent.stage != "ending" or None


def _configured(n: int, _state: ChatState, agent: Agent, _events: object) -> LineError | None:
    """The answer to a request, or to the start it made: why it was refused, or that it was not."""
    if n in agent.requests:
        return None
    return agent.refusals.get(n) or agent.start_error or _READY
