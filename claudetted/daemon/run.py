"""Owns the nursery tree: disk, then keeper, then chats, then clients; ended in reverse.

serve
 └─ database (writer thread)                 closed last, when everything is stored
     └─ keeper link                          sidecars live on without us
         └─ chats nursery: one actor a chat
             └─ clients nursery: one task a connection; ends first, with a deadline
"""

import logging
import os
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import trio

import claudetted
from claudetted.chat import ids
from claudetted.chat.clearing import Clearing
from claudetted.chat.feed import Feed
from claudetted.chat.judging import load_engine
from claudetted.chat.manager import Manager
from claudetted.chat.parking import Parking
from claudetted.chat.rulebook import load_rulebook
from claudetted.chat.watching import Audience
from claudetted.chat.world import Launcher, World
from claudetted.daemon import launching
from claudetted.daemon.lock import locked
from claudetted.daemon.notify import Notifier
from claudetted.permissions.disk import RealDisk
from claudetted.permissions.places import Places
from claudetted.protocol import places
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.backends import load_backends
from claudetted.providers.control import Control
from claudetted.providers.credentials import load_credentials
from claudetted.providers.credits import PROVIDER, Credits
from claudetted.providers.logins import Logins
from claudetted.providers.models import Models
from claudetted.providers.routing import Routing
from claudetted.rpc import unix
from claudetted.rpc.connection import Connections
from claudetted.rpc.desk import Desk
from claudetted.rpc.dispatch import Dispatcher
from claudetted.rpc.methods import handlers, questions
from claudetted.rpc.methods.providers import credentials_changed, subscription_changed
from claudetted.sidecar.environment import LoginEnvironment
from claudetted.sidecar.link import KeeperLink
from claudetted.store import transcripts
from claudetted.store.database import Database, open_database

logger = logging.getLogger(__name__)

CLIENTS_GRACE_SECONDS = 2.0
KEYS_KEPT_DAYS = 7


@dataclass(frozen=True)
class Serving:
    """Told when clients can connect."""

    instance: str
    socket: Path
    stop: trio.Event


async def serve(
    launcher: Launcher | None = None,
    *,
    task_status: trio.TaskStatus[Serving] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Runs the daemon until it is asked to stop or cancelled.

    Raises AlreadyRunning and NewerDatabase before anything is touched.
    """
    umask = os.umask(0o077)
    data = places.data_dir()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    instance, socket = ids.new_id(), places.socket_path()
    async with AsyncExitStack() as stack:
        stack.enter_context(locked(places.lock_path(), _description(instance, socket)))
        database = await stack.enter_async_context(open_database(places.database_path()))
        await _forget_old_keys(database)
        await _run(launcher, umask, database, instance, socket, task_status)


async def _run(
    launcher: Launcher | None,
    umask: int,
    database: Database,
    instance: str,
    socket: Path,
    task_status: trio.TaskStatus[Serving],
) -> None:
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    keeper = KeeperLink(places.keeper_socket_path())
    async with trio.open_nursery() as outer:
        running = await outer.start(keeper.run)
        async with trio.open_nursery() as chats:
            notifier = Notifier(chats)
            rulebook = await load_rulebook(database)
            login = LoginEnvironment(os.environ)
            starting = launching.Launching(login.get)
            block = AnthropicBlock(login.get, chats)
            credentials = await load_credentials(
                database, keeper, lambda: str(rulebook.setting("private_keys")), block
            )
            clearing = Clearing(database)
            backends = await load_backends(database, credentials, launching.lacks, ids.now)
            control = Control(
                keeper, credentials, starting.launch_control, ids.new_id, umask, chats
            )
            models = Models(database, control, backends, block, ids.now)
            world = World(
                database,
                keeper,
                launcher or starting.launch,
                umask,
                _engine_places(),
                chats,
                Feed(),
                rulebook,
                block,
                Routing(backends, models, rulebook.setting),
                notifier.raised,
                clearing.want,
                lambda sidecar, env: chats.start_soon(credentials.hand_to, sidecar, env),
                lambda chat: balance.look_soon() if audience.is_served(chat) else None,
            )
            manager = notifier.manager = Manager(world)
            audience = Audience(manager, PROVIDER)
            balance = Credits(control, models, audience, ids.now, chats)
            await launching.tidy(bool(running))
            await manager.recover(running)
            chats.start_soon(manager.sweep)
            chats.start_soon(clearing.run)
            chats.start_soon(load_engine)
            chats.start_soon(Parking(manager).run)
            chats.start_soon(balance.run)

            async def signed_in() -> None:
                await credentials_changed(desk)

            block.changed = lambda: chats.start_soon(subscription_changed, desk)
            logins = Logins(control, ids.new_id, chats, signed_in, world.feed.signing_in)
            desk = Desk(
                manager,
                database,
                control,
                credentials,
                backends,
                models,
                balance,
                audience,
                logins,
                instance,
                ids.now(),
                str(socket),
            )
            chats.start_soon(questions.begin, desk)
            dispatcher = Dispatcher(handlers(desk))
            connections = Connections(dispatcher, desk.clients, database.journal_id)
            await _serve_clients(desk, connections, socket, task_status)
            if desk.end_agents:
                await manager.end_agents()
            chats.cancel_scope.cancel()
        if desk.end_agents:
            keeper.shut_down()
        else:
            outer.cancel_scope.cancel()


async def _serve_clients(
    desk: Desk,
    connections: Connections,
    socket: Path,
    task_status: trio.TaskStatus[Serving],
) -> None:
    """Accepts until told to stop; then clients get a moment to read their last answers."""
    listener = unix.listen(socket)
    async with trio.open_nursery() as clients, trio.open_nursery() as accepting:
        keeper = desk.manager.world.keeper
        accepting.start_soon(unix.accept, socket, listener, connections, keeper, clients)
        accepting.start_soon(_stop_on_signal, desk.stop)
        logger.info("serving at %s as %s", socket, desk.instance)
        task_status.started(Serving(desk.instance, socket, desk.stop))
        await desk.stop.wait()
        desk.manager.closing = True
        clients.cancel_scope.deadline = trio.current_time() + CLIENTS_GRACE_SECONDS
        desk.clients.leave.set()
        accepting.cancel_scope.cancel()
    with trio.move_on_after(CLIENTS_GRACE_SECONDS):
        await desk.control.close()


async def _stop_on_signal(stop: trio.Event) -> None:
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        async for number in received:
            logger.info("asked to stop by signal %d", number)
            stop.set()


async def _forget_old_keys(database: Database) -> None:
    limit = datetime.now(UTC) - timedelta(days=KEYS_KEPT_DAYS)
    before = limit.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    await database.commit(partial(transcripts.forget_answers, before=before))


def _engine_places() -> Places:
    return Places(
        home=os.path.realpath(os.path.expanduser("~")),
        data_dir=os.path.realpath(places.data_dir()),
        runtime_dir=os.path.realpath(places.runtime_dir()),
        disk=RealDisk(),
        case_insensitive=sys.platform == "darwin",
        docs=(os.path.realpath(launching.copies()),),
    )


def _description(instance: str, socket: Path) -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "instance": instance,
        "socket": str(socket),
        "version": claudetted.__version__,
        "startedAt": ids.now(),
    }
