"""Owns how a chat is made: what is asked for is checked, its agent where a model is named."""

from collections.abc import Callable

import trio

from claudetted.chat import gate, ids, removal, workspaces
from claudetted.chat.actor import Actor
from claudetted.chat.gate import check_asks
from claudetted.chat.manager import Manager
from claudetted.chat.plans import agent_process, lifecycle
from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.chat.step import Step
from claudetted.protocol import chats, errors
from claudetted.protocol.backends import FIRST
from claudetted.protocol.base import ChatId
from claudetted.protocol.harnesses import Capabilities
from claudetted.protocol.permissions import Level
from claudetted.protocol.rights import covers
from claudetted.protocol.sidecar import LineError
from claudetted.providers.routing import Choice
from claudetted.sidecar.faults import fault_of
from claudetted.store import journal

_READY = LineError("", "")


async def create(
    manager: Manager,
    params: chats.CreateParams,
    remember: Callable[[Step, object], None],
    highest: Level = "full",
) -> Actor:
    """A new chat. With a model, its agent is started and must know it. The default level counts
    up to `highest`.

    `remember` is told the answer within the step that makes the chat, or, where the agent has
    a say, once there is an answer.
    """
    if manager.closing:
        raise errors.ShuttingDown("The daemon is shutting down; try again in a moment.")
    cwd, workspace = workspaces.find(params.cwd, params.broad)
    level = params.level or _default_level(manager, workspace, highest)
    manager.world.check_level(level)
    routing = manager.world.routing
    if routing.runs(params.harness, params.backend or "", params.model or "") == FIRST:
        await manager.world.block.check(params.model, params.env)
    choice = await routing.choose(
        params.model or "",
        params.backend or "",
        harness=params.harness,
        workspace=workspace,
    )
    capabilities = manager.world.harnesses.find(choice.harness).capabilities
    check_asks(choice.harness, capabilities, level)
    chat = _new_chat(params, cwd, workspace, level, choice, capabilities)
    await gate.ask_programs(manager.world, chat, params.env, started=False)
    gate.may_run(manager.world, chat, params.env)
    by_default = bool(choice.model) and not (params.model or params.backend)
    agent = Agent(model_by_default=by_default)
    actor = Actor(manager.world, chat.id, None, agent, params.env)
    manager.add(actor)

    def plan(step: Step) -> None:
        lifecycle.create(step, chat, params.env)
        if not params.model:
            remember(step, chats.ChatResult(step.state.chat))

    await _first_step(actor, plan)
    if params.model:
        await _check_model(manager, actor)
        await _remember_checked(manager, actor, remember)
    return actor


def _default_level(manager: Manager, workspace: str, highest: Level) -> Level:
    level: Level = manager.world.rulebook.setting("default_level", workspace)
    return level if covers(highest, level) else highest


async def _remember_checked(
    manager: Manager, actor: Actor, remember: Callable[[Step, object], None]
) -> None:
    """When another request with the key was faster, its chat is the one."""
    try:
        await actor.ask(lambda step: remember(step, chats.ChatResult(step.state.chat)))
    except journal.KeyTaken:
        await removal.delete(manager, actor.chat_id)
        raise


async def _first_step(actor: Actor, plan: Callable[[Step], None]) -> None:
    """Without it there is no chat. A client that leaves now leaves a whole one or none."""
    try:
        with trio.CancelScope(shield=True):
            await actor.ask(plan)
    except Exception:
        actor.unload()
        raise


async def _check_model(manager: Manager, actor: Actor) -> None:
    harness = actor.state.chat.harness
    try:
        await actor.ask(agent_process.ensure)
        error = await actor.until(_started)
    except errors.ChatNotFound:
        message = "The chat was deleted while its agent started."
        raise errors.HarnessFailed(message, harness=harness) from None
    if error is _READY:
        return
    await removal.delete(manager, actor.chat_id)
    raise await manager.world.routing.with_nearest(fault_of(error, harness))


def _new_chat(
    params: chats.CreateParams,
    cwd: str,
    workspace: str,
    level: Level,
    choice: Choice,
    capabilities: Capabilities,
) -> chats.Chat:
    at = ids.now()
    return chats.Chat(
        ChatId(ids.new_id()),
        cwd,
        workspace,
        params.title or "",
        choice.harness,
        level,
        chats.Status("idle"),
        at,
        at,
        title_source="person" if params.title else "auto",
        backend=choice.backend,
        model=choice.model or None,
        thinking=params.thinking,
        capabilities=capabilities,
    )


def _started(_state: ChatState, agent: Agent, _events: object) -> LineError | None:
    """How the start of a sidecar went, once it is known."""
    return agent.start_error or (_READY if agent.stage == "ready" else None)
