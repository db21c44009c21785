"""Owns the handlers of the daemon itself."""

import os
from functools import partial

import claudetted
from claudetted.protocol import daemon, places
from claudetted.protocol.base import PROTOCOL_LEVEL, Empty, NoParams
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.sidecar import census
from claudetted.store import transcripts

FEATURES = ["queue", "steer", "resume"]


async def hello(desk: Desk, caller: Caller, params: daemon.HelloParams) -> daemon.HelloResult:
    caller.client.name = params.name
    caller.client.kind = params.kind
    return daemon.HelloResult(
        PROTOCOL_LEVEL, claudetted.__version__, desk.instance, os.getpid(), FEATURES
    )


async def status(desk: Desk, caller: Caller, params: NoParams) -> daemon.StatusResult:
    loaded = desk.manager.loaded
    return daemon.StatusResult(
        claudetted.__version__,
        desk.instance,
        os.getpid(),
        desk.started_at,
        str(places.data_dir()),
        desk.socket,
        chats=await desk.database.read(transcripts.count_chats),
        loaded_chats=len(loaded),
        sidecars=sum(1 for actor in loaded if actor.agent.sidecar_id),
        clients=len(desk.clients.outboxes),
        open_permissions=await desk.database.read(transcripts.count_open_permissions),
        journal_bytes=desk.database.size(),
        keeper_pid=desk.manager.world.keeper.pid,
        memory=census.memory_of(os.getpid()),
        descriptors=len(os.listdir("/dev/fd")) - 1,
        queued_messages=sum(len(actor.state.queue) for actor in loaded),
        writes_waiting=desk.database.writes_waiting,
        lag=max((outbox.size for outbox in desk.clients.outboxes), default=0),
    )


async def shutdown(desk: Desk, caller: Caller, params: daemon.ShutdownParams) -> Empty:
    """Answers first; the end begins when the reply is queued."""
    desk.manager.closing = True
    caller.after_reply.append(partial(_begin_end, desk, params.agents))
    return Empty()


def _begin_end(desk: Desk, agents: bool) -> None:
    desk.end_agents = agents
    desk.stop.set()
