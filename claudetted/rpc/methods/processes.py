"""Owns the handler that shows processes."""

import os
from collections.abc import Iterator

import trio

from claudetted.chat.actor import Actor
from claudetted.chat.parking import why_alive
from claudetted.protocol.base import ChatId
from claudetted.protocol.processes import ListParams, ListResult, Process, ProcessKind
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.sidecar import census
from claudetted.sidecar.census import Seen

CONTROL = "It knows providers and models, and signs in; it ends when nobody asks."


async def list_(desk: Desk, caller: Caller, params: ListParams) -> ListResult:
    """Sidecars from what the chats know, jobs from the machine's own list."""
    if params.chat_id is not None:
        await desk.manager.find(params.chat_id)
    live = {
        actor.chat_id: actor
        for actor in desk.manager.loaded
        if actor.agent.sidecar_id and params.chat_id in (None, actor.chat_id)
    }
    ours = [] if params.chat_id else _ours(desk)
    marked = await trio.to_thread.run_sync(census.marked)
    sidecars = [_sidecar(actor, marked) for actor in live.values()]
    known = {process.pid for process in [*ours, *sidecars]}
    jobs = _jobs(live, [seen for seen in marked if seen.pid not in known])
    return ListResult([*ours, *sidecars, *jobs])


def _ours(desk: Desk) -> list[Process]:
    keeper = desk.manager.world.keeper.pid
    rows = [_process("daemon", census.look(os.getpid()), "It serves you.")]
    if keeper:
        rows.append(_process("keeper", census.look(keeper), "It holds the agents' pipes."))
    if desk.control.pid:
        rows.append(_process("control", census.look(desk.control.pid), CONTROL))
    return rows


def _sidecar(actor: Actor, marked: list[Seen]) -> Process:
    """Its pid is known from its first line on; before that it is the chat's first process."""
    hello = actor.agent.hello
    if hello:
        seen = census.look(hello.pid)
    else:
        seen = next((seen for seen in marked if seen.chat == actor.chat_id), None)
    return _process("sidecar", seen, why_alive(actor), actor)


def _jobs(live: dict[ChatId, Actor], marked: list[Seen]) -> Iterator[Process]:
    """Only an agent that has started has jobs: before that the others are its launcher's."""
    for seen in marked:
        actor = live.get(ChatId(seen.chat))
        if actor and actor.agent.hello:
            yield _process("job", seen, "The chat's agent started it.", actor)


def _process(kind: ProcessKind, seen: Seen | None, why: str, actor: Actor | None = None) -> Process:
    return Process(
        seen.pid if seen else 0,
        kind,
        seen.command if seen else "(starting)",
        seen.memory if seen else 0,
        actor.chat_id if actor else None,
        actor.state.chat.title if actor else "",
        why,
    )
