"""Owns the handlers of the daemon itself."""

import os
import shutil
from functools import partial

import trio

import claudetted
from claudetted.protocol import daemon, places
from claudetted.protocol.base import PROTOCOL_LEVEL, Empty, NoParams
from claudetted.protocol.rights import RIGHTS
from claudetted.providers.network import NAMES
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.rpc.use_cases import preferences
from claudetted.sidecar import census
from claudetted.store import secrets, transcripts

FEATURES = ["queue", "steer", "resume"]


async def hello(
    services: Services, caller: Caller, params: daemon.HelloParams
) -> daemon.HelloResult:
    caller.client.name = params.name
    caller.client.kind = params.kind
    caller.client.peer = caller.client.peer.limited(params.limits)
    await preferences.take_up(services)
    return daemon.HelloResult(
        PROTOCOL_LEVEL,
        claudetted.__version__,
        services.instance,
        os.getpid(),
        FEATURES,
        [right for right in RIGHTS if caller.client.peer.may(right)],
    )


async def status(services: Services, caller: Caller, params: NoParams) -> daemon.StatusResult:
    loaded = services.manager.loaded
    return daemon.StatusResult(
        claudetted.__version__,
        services.instance,
        os.getpid(),
        services.started_at,
        str(places.data_dir()),
        services.socket,
        chats=await services.database.read(transcripts.count_chats),
        loaded_chats=len(loaded),
        sidecars=sum(1 for actor in loaded if actor.agent.sidecar_id),
        clients=len(services.clients.outboxes),
        open_permissions=await services.database.read(transcripts.count_open_permissions),
        journal_bytes=services.database.size(),
        keeper_pid=services.manager.world.keeper.pid,
        memory=census.memory_of(os.getpid()),
        descriptors=len(os.listdir("/dev/fd")) - 1,
        queued_messages=sum(len(actor.state.queue) for actor in loaded),
        writes_waiting=services.database.writes_waiting,
        lag=max((outbox.size for outbox in services.clients.outboxes), default=0),
        box=services.manager.world.box.name,
        box_missing=services.manager.world.box.missing,
        login_shell=services.login.trouble,
        remote=services.remote.shown(),
        connected=_connected(services),
    )


def _connected(services: Services) -> list[daemon.Connected]:
    shown = [
        daemon.Connected(client.peer.label, client.name, client.kind, client.peer.rights.highest)
        for client in services.clients.present
    ]
    return sorted(shown, key=lambda client: client.label)


async def diagnose(services: Services, caller: Caller, params: NoParams) -> daemon.DiagnoseResult:
    kind = str(services.manager.world.rulebook.setting("private_keys"))
    environment = await services.network.environment()
    keychain, missing = await trio.to_thread.run_sync(secrets.whereabouts, kind)
    return daemon.DiagnoseResult(
        keychain,
        missing,
        (await services.login.get()).get("PATH", ""),
        sorted(NAMES & environment.keys()),
        shutil.disk_usage(places.data_dir()).free,
    )


async def shutdown(services: Services, caller: Caller, params: daemon.ShutdownParams) -> Empty:
    """Answers first; the end begins when the reply is queued."""
    services.manager.closing = True
    caller.after_reply.append(partial(_begin_end, services, params.agents))
    return Empty()


def _begin_end(services: Services, agents: bool) -> None:
    services.end_agents = agents
    services.stop.set()
