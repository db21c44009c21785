"""Owns the handler that shows processes."""

import os

import trio

from claudetted.chat.actor import Actor
from claudetted.chat.parking import drivers_of, why_alive
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId
from claudetted.protocol.processes import (
    EndParams,
    EndResult,
    ListParams,
    ListResult,
    Process,
    ProcessKind,
)
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.sidecar import census, jobs
from claudetted.sidecar.census import Seen

OF_THE_AGENT = "The agent's own program, or a server that it keeps for itself."
CONTROL = "It looks up providers and models and signs in; it ends when idle."


async def list_(services: Services, caller: Caller, params: ListParams) -> ListResult:
    """Sidecars from what the chats know, jobs from the machine's own list."""
    if params.chat_id is not None:
        await services.manager.find(params.chat_id)
    live = {
        actor.chat_id: actor
        for actor in services.manager.loaded
        if actor.agent.sidecar_id and params.chat_id in (None, actor.chat_id)
    }
    ours = [] if params.chat_id else _ours(services)
    marked = await trio.to_thread.run_sync(census.marked)
    sidecars = [_sidecar(actor, marked) for actor in live.values()]
    known = {process.pid for process in [*ours, *sidecars]}
    others = [seen for seen in marked if seen.pid not in known]
    return ListResult([*ours, *sidecars, *await _of_agents(live, others)])


async def end(services: Services, caller: Caller, params: EndParams) -> EndResult:
    """Sidecars are not ended here, whatever their numbers: `turn/stop` and `chat/archive` do."""
    actor = await services.manager.find(params.chat_id)
    shown = await list_(services, caller, ListParams(params.chat_id))
    pids = [process.pid for process in shown.processes if process.kind == "job"]
    if params.pid is not None and params.pid not in pids:
        message = f"The chat has no job {params.pid}; see: claudette jobs {params.chat_id}"
        raise errors.JobNotFound(message, chat_id=params.chat_id, pid=params.pid)
    wanted = pids if params.pid is None else [params.pid]
    gone, left = await trio.to_thread.run_sync(jobs.end, params.chat_id, wanted)
    return EndResult([_job(seen, actor) for seen in gone], [_job(seen, actor) for seen in left])


def _ours(services: Services) -> list[Process]:
    keeper = services.manager.world.keeper.pid
    rows = [_process("daemon", census.look(os.getpid()), "The daemon itself.")]
    if keeper:
        rows.append(_process("keeper", census.look(keeper), "It keeps the agents running."))
    if services.control.pid:
        rows.append(_process("control", census.look(services.control.pid), CONTROL))
    return rows


def _sidecar(actor: Actor, marked: list[Seen]) -> Process:
    """Its pid is known from its first line on; before that it is the chat's first process."""
    hello = actor.agent.hello
    if hello:
        seen = census.look(hello.pid)
    else:
        seen = next((seen for seen in marked if seen.chat == actor.chat_id), None)
    return _process("sidecar", seen, why_alive(actor), actor)


async def _of_agents(live: dict[ChatId, Actor], marked: list[Seen]) -> list[Process]:
    """What agents have started. Only one that has said hello has: before, it is its launcher's."""
    drivers = drivers_of(live.values())
    agents, below = await trio.to_thread.run_sync(census.driven, drivers)
    found = []
    for seen in marked:
        actor = live.get(ChatId(seen.chat))
        if not actor or not actor.agent.hello:
            continue
        if seen.pid in agents or (seen.pid in below and not actor.state.running):
            found.append(_process("sidecar", seen, OF_THE_AGENT, actor))
        else:
            found.append(_job(seen, actor))
    return found


def _job(seen: Seen, actor: Actor) -> Process:
    return _process("job", seen, "The chat's agent started it.", actor)


def _process(kind: ProcessKind, seen: Seen | None, why: str, actor: Actor | None = None) -> Process:
    return Process(
        seen.pid if seen else 0,
        kind,
        seen.command if seen else "(starting)",
        seen.memory if seen else 0,
        actor.chat_id if actor else None,
        actor.state.chat.title if actor else "",
        why,
        round(seen.cpu, 2) if seen else 0.0,
    )
