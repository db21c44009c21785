"""Owns the nursery tree: disk, then keeper, then chats, then clients; ended in reverse.

serve
 └─ database (writer thread)                 closed last, when everything is stored
     └─ keeper link                          sidecars live on without us
         └─ chats nursery: one actor a chat
             └─ clients nursery: one task a connection; ends first, with a deadline
"""

import importlib
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import trio

import claudetted
from claudetted.chat import ids, recovery
from claudetted.chat.audience.feed import Feed
from claudetted.chat.audience.model_watchers import Audience
from claudetted.chat.cleanup import Clearing
from claudetted.chat.manager import Manager
from claudetted.chat.parking import Parking
from claudetted.chat.preferences import Preferences
from claudetted.chat.rulebook import Rulebook, load_rulebook
from claudetted.chat.world import World
from claudetted.daemon import launching
from claudetted.daemon.agents import Agents
from claudetted.daemon.lock import locked, runtime_locked
from claudetted.daemon.notify import Notifier
from claudetted.daemon.push import Push
from claudetted.daemon.scratch import remove_left, scratch
from claudetted.daemon.web_push import WebPush
from claudetted.harnesses import registry
from claudetted.permissions.disk import RealDisk
from claudetted.permissions.places import Places
from claudetted.protocol import places
from claudetted.protocol.settings import AGENTS
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.backends import load_backends
from claudetted.providers.control import Control
from claudetted.providers.credentials import load_credentials
from claudetted.providers.credits import PROVIDER, Credits
from claudetted.providers.logins import Logins
from claudetted.providers.models import Models
from claudetted.providers.network import Network
from claudetted.providers.routing import Routing
from claudetted.rpc.connection import Connections
from claudetted.rpc.dispatch import Dispatcher
from claudetted.rpc.doors import activation, unix
from claudetted.rpc.doors.web.listening import Listening
from claudetted.rpc.doors.web.pairing import load_pairing
from claudetted.rpc.doors.web.remote import RemoteDoor, Serve, load_door
from claudetted.rpc.methods import handlers
from claudetted.rpc.methods.providers import credentials_changed, subscription_changed
from claudetted.rpc.services import Services
from claudetted.rpc.slash.running import Slash
from claudetted.rpc.trace import Trace
from claudetted.rpc.use_cases import questions
from claudetted.rpc.use_cases.preferences import take_up
from claudetted.sidecar import asked
from claudetted.sidecar.box.box import Box
from claudetted.sidecar.box.probe import find_box
from claudetted.sidecar.box.sockets import session_sockets
from claudetted.sidecar.link import KeeperLink
from claudetted.sidecar.login_shell import LoginEnvironment
from claudetted.store import directories, transcripts
from claudetted.store.database import Database, open_database

if TYPE_CHECKING:
    from claudetted.rpc.doors.websocket import WebSocketDoor

logger = logging.getLogger(__name__)

CLIENTS_GRACE_SECONDS = 2.0
KEYS_KEPT_DAYS = 7


class Serving(msgspec.Struct, frozen=True):
    """Told when clients can connect."""

    instance: str
    socket: Path
    stop: trio.Event
    status: Callable[[], str]
    """What goes on now, in a few words."""
    take_up: Callable[[], Awaitable[None]]
    """Has what was edited in the settings' file hold from now on."""


async def _load_engine() -> None:
    """Aside, so that nobody waits for it who does not need it: see `chat/plans/verdicts.py`."""
    await trio.to_thread.run_sync(importlib.import_module, "claudetted.permissions.explaining")


async def serve(*, task_status: trio.TaskStatus[Serving] = trio.TASK_STATUS_IGNORED) -> None:
    """Runs the daemon until it is asked to stop or cancelled.

    Raises AlreadyRunning and NewerDatabase before anything is touched.
    """
    umask = os.umask(0o077)
    data = places.data_dir()
    directories.make_private(data)
    instance, socket = ids.new_id(), places.socket_path()
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(places.lock_path(), _description(instance, socket)))
        directories.make_private(socket.parent)
        stack.enter_context(runtime_locked(places.runtime_lock_path(), data.resolve()))
        remove_left()
        asked.end_left()
        database = await stack.enter_async_context(open_database(places.database_path()))
        await _forget_old_keys(database)
        await _run(umask, database, instance, socket, task_status)


async def _run(
    umask: int,
    database: Database,
    instance: str,
    socket: Path,
    task_status: trio.TaskStatus[Serving],
) -> None:
    keeper = KeeperLink(places.keeper_socket_path())
    async with trio.open_nursery() as outer:
        running = await outer.start(keeper.run)
        async with trio.open_nursery() as chats:
            rulebook = await load_rulebook(database)
            preferences = Preferences(database, rulebook, places.config_path())
            await preferences.begin()
            rulebook.decided = preferences.decided
            chats.start_soon(preferences.run)
            given = activation.inherited(os.environ, socket)
            remote = await _remote_door(database, rulebook, given)
            web = WebPush(remote.pairing, remote.push_keys, remote.origin)
            notifier = Notifier(chats, Push(rulebook.setting, web), remote.link_to)
            login = LoginEnvironment(os.environ)
            network = Network(login.get)
            kinds = registry.Harnesses(lambda: dict(rulebook.setting(AGENTS)))
            starting = launching.Launching(login.get, network.environment, kinds)
            block = AnthropicBlock(login.get, login.paths, chats)
            credentials = await load_credentials(
                database, keeper, lambda: str(rulebook.setting("private_keys")), block
            )
            clearing = Clearing(database)
            backends = await load_backends(
                database, credentials, starting.lacks, ids.now, network.environment
            )
            control = Control(
                registry.CONTROL.id,
                keeper,
                credentials,
                starting.launch_control,
                ids.new_id,
                umask,
                chats,
            )
            network.changed = control.renew
            models = Models(database, control, backends, block, ids.now)
            routing = Routing(backends, models, rulebook.setting)
            world = World(
                database,
                keeper,
                starting,
                umask,
                _engine_places(),
                chats,
                Feed(),
                rulebook,
                block,
                routing,
                notifier.raised,
                clearing.want,
                lambda sidecar, env: chats.start_soon(credentials.hand_to, sidecar, env),
                lambda chat: balance.look_soon() if audience.is_served(chat) else None,
                await _box(),
                kinds,
            )
            manager = notifier.manager = Manager(world)
            audience = Audience(manager, PROVIDER)
            balance = Credits(control, models, audience, ids.now, chats, network.environment)
            await launching.tidy(bool(running))
            await recovery.recover(manager, running)
            chats.start_soon(manager.sweep)
            chats.start_soon(clearing.run)
            chats.start_soon(_load_engine)
            chats.start_soon(Parking(manager).run)
            chats.start_soon(balance.run)

            async def signed_in() -> None:
                await credentials_changed(services)

            block.changed = lambda: chats.start_soon(subscription_changed, services)
            logins = Logins(control, ids.new_id, chats, signed_in, world.feed.signing_in)
            services = Services(
                manager,
                database,
                control,
                credentials,
                backends,
                network,
                login,
                models,
                balance,
                audience,
                logins,
                Agents(starting, keeper, credentials, umask, chats),
                Slash(),
                remote,
                preferences,
                instance,
                ids.now(),
                str(socket),
            )
            chats.start_soon(questions.begin, services)
            dispatcher = Dispatcher(handlers(services))
            connections = Connections(
                dispatcher, services.clients, database.journal_id, Trace.wanted_by(os.environ)
            )
            listening = given.unix or unix.listen(socket)
            await _serve_clients(services, connections, socket, listening, task_status)
            if services.end_agents:
                await recovery.end_agents(manager)
            chats.cancel_scope.cancel()
        if services.end_agents:
            keeper.shut_down()
        else:
            outer.cancel_scope.cancel()


async def _serve_clients(
    services: Services,
    connections: Connections,
    socket: Path,
    listening: unix.Listening,
    task_status: trio.TaskStatus[Serving],
) -> None:
    """Accepts until told to stop; then clients get a moment to read their last answers."""
    async with trio.open_nursery() as clients, trio.open_nursery() as accepting:
        keeper = services.manager.world.keeper
        accepting.start_soon(unix.accept, socket, listening, connections, keeper, clients)
        remote = services.remote
        await remote.begin()
        accepting.start_soon(remote.run, _web_door(remote, connections, clients))
        logger.info("serving at %s as %s", socket, services.instance)
        status, again = partial(_status, services), partial(take_up, services)
        task_status.started(Serving(services.instance, socket, services.stop, status, again))
        await services.stop.wait()
        services.manager.closing = True
        clients.cancel_scope.deadline = trio.current_time() + CLIENTS_GRACE_SECONDS
        services.clients.leave.set()
        accepting.cancel_scope.cancel()
    with trio.move_on_after(CLIENTS_GRACE_SECONDS):
        await services.control.close()


def _web_door(remote: RemoteDoor, connections: Connections, clients: trio.Nursery) -> Serve:
    """What it is made of is a tenth of all that the daemon would load, and most users never open
    it: it is loaded when it is opened."""

    @cache
    def door() -> "WebSocketDoor":
        from claudetted.rpc.doors.websocket import WebSocketDoor

        return WebSocketDoor(remote.pairing, connections, remote.public_origins)

    async def serve(listening: Listening) -> None:
        await (await trio.to_thread.run_sync(door)).serve(listening, clients)

    return serve


def _status(services: Services) -> str:
    loaded = services.manager.loaded
    agents = sum(1 for actor in loaded if actor.agent.sidecar_id)
    return f"{agents} agent{'s' * (agents != 1)}, {len(services.clients.outboxes)} clients"


async def _remote_door(
    database: Database, rulebook: Rulebook, given: activation.Inherited
) -> RemoteDoor:
    pairing = await load_pairing(database, ids.new_id, ids.now)
    origins = partial(rulebook.setting, "remote_origins")
    return await load_door(database, pairing, origins, given.remote)


async def _forget_old_keys(database: Database) -> None:
    limit = datetime.now(UTC) - timedelta(days=KEYS_KEPT_DAYS)
    before = limit.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    await database.commit(partial(transcripts.forget_answers, before=before))


async def _box() -> Box:
    with scratch("box") as directory:
        return await find_box(directory)


def _engine_places() -> Places:
    home = os.path.realpath(os.path.expanduser("~"))
    return Places(
        home=home,
        data_dir=os.path.realpath(places.data_dir()),
        runtime_dir=os.path.realpath(places.runtime_dir()),
        disk=RealDisk(),
        config_dir=os.path.realpath(places.config_dir()),
        sockets=session_sockets(home),
        case_insensitive=sys.platform == "darwin",
        docs=(os.path.realpath(launching.copies()),),
        programs=(_program_dir(),),
    )


def _program_dir() -> str:
    """The virtual environment that we run in; without one, our own package."""
    own = sys.prefix if sys.prefix != sys.base_prefix else os.path.dirname(claudetted.__file__)
    return os.path.realpath(own)


def _description(instance: str, socket: Path) -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "instance": instance,
        "socket": str(socket),
        "version": claudetted.__version__,
        "startedAt": ids.now(),
    }
