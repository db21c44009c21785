"""Owns stopping what a chat does, and ending an agent that does not stop."""

import contextlib
from functools import partial

import msgspec
import trio

from claudetted.chat.actor import Actor
from claudetted.chat.manager import Manager
from claudetted.chat.plans import turns
from claudetted.chat.state.agent import Agent, Call
from claudetted.chat.state.fold import ChatState
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId, SidecarId, TurnId
from claudetted.sidecar import leftovers
from claudetted.sidecar.leftovers import Commands

STOP_SECONDS = 1.5
"""An agent that has not stopped by then is ended, with all it started."""


class Stop(msgspec.Struct, frozen=True):
    """One that is under way. The turn is empty where a compaction is stopped."""

    turn_id: TurnId
    done: trio.Event
    """The agent is idle, and nothing of its commands is left."""


async def stop(manager: Manager, chat_id: ChatId, by: str) -> TurnId | None:
    """Stops what runs; returns when it has stopped. None when nothing ran."""
    begun = await begin_stop(manager, chat_id, by)
    if begun is None:
        return None
    await begun.done.wait()
    return begun.turn_id


async def begin_stop(manager: Manager, chat_id: ChatId, by: str) -> Stop | None:
    """Stops what runs without waiting for its end. An agent that hangs is ended."""
    actor = await manager.find(chat_id)
    commands = await _commands(actor)
    try:
        turn_id = await actor.ask(partial(turns.stop, by=by))
    except errors.StoreFull:
        turn_id = await actor.end_unrecorded()
        return None if turn_id is None else Stop(turn_id, _see_to_it(manager, actor, None))
    if turn_id is None:
        return None
    manager.world.nursery.start_soon(insist, actor, actor.agent.sidecar_id)
    return Stop(turn_id, _see_to_it(manager, actor, commands))


async def take_up(manager: Manager, actor: Actor) -> None:
    """Goes on with a stop that was under way when the last daemon ended."""
    manager.world.nursery.start_soon(insist, actor, actor.agent.sidecar_id)
    _see_to_it(manager, actor, await _commands(actor))


async def insist(actor: Actor, sidecar_id: SidecarId | None) -> None:
    """Waits, then ends the agent if it has not stopped by then."""
    abort = _open_abort(actor.agent)
    await trio.sleep(STOP_SECONDS)
    if sidecar_id and actor.agent.stopping and _open_abort(actor.agent) == abort:
        actor.end_at_once(sidecar_id)


def _see_to_it(manager: Manager, actor: Actor, commands: Commands | None) -> trio.Event:
    done = trio.Event()
    manager.world.nursery.start_soon(_clear_up, actor, commands, done)
    return done


async def _clear_up(actor: Actor, commands: Commands | None, done: trio.Event) -> None:
    """Ends what the agent could not, as soon as it has stopped."""
    with contextlib.suppress(errors.Fault):  # The chat is gone, and its processes with it.
        await actor.until(_has_stopped)
    if commands:
        await trio.to_thread.run_sync(commands.end_left)
    done.set()


def _has_stopped(_state: ChatState, agent: Agent, _events: object) -> bool | None:
    return not agent.stopping or None


async def _commands(actor: Actor) -> Commands | None:
    """Of the calls that run now, or are about to."""
    hello, running = actor.agent.hello, _running(actor.state, actor.agent)
    if hello is None or not running:
        return None
    since = min(call.since for call in running)
    return await trio.to_thread.run_sync(leftovers.running, actor.chat_id, hello.pid, since)


def _running(state: ChatState, agent: Agent) -> list[Call]:
    asking = {permission.item_id for permission in state.permissions.values()}
    return [call for item_id, call in agent.calls.items() if call.allowed or item_id not in asking]


def _open_abort(agent: Agent) -> int | None:
    """The number of the last abort that is not answered: each stop has its own."""
    return max((n for n, one in agent.requests.items() if one.kind == "abort"), default=None)
