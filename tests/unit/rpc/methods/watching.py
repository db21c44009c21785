"""Clients, a daemon that is killed and started, and sidecars: the stage for subscriptions."""

import json
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import trio
from trio.testing import MockClock, lockstep_stream_pair, wait_all_tasks_blocked

from claudetted.chat import ids
from claudetted.chat.actor import Actor
from claudetted.chat.audience.model_watchers import Audience
from claudetted.chat.manager import Manager
from claudetted.chat.state.fold import ChatState, fold
from claudetted.protocol import events as ev
from claudetted.protocol.base import ChatId
from claudetted.protocol.items import Item
from claudetted.providers.credits import PROVIDER, Credits
from claudetted.providers.network import Network
from claudetted.rpc.connection import Connections
from claudetted.rpc.dispatch import Dispatcher
from claudetted.rpc.doors.peer import Peer, Rights
from claudetted.rpc.methods import handlers
from claudetted.rpc.services import Services
from claudetted.store import journal, transcripts
from claudetted.store.database import Database, open_database
from tests.daemon.mirror import Mirror
from tests.unit.chat.world import Keeper, create, managing

T = TypeVar("T")
Json = dict[str, Any]
MOST_ROUNDS = 500
USER = Peer("pid 7", "user", Rights("administer"))


class Loop:
    """A trio run in a thread of its own, for rules that are plain functions. Its clock stands."""

    def __init__(self) -> None:
        self.clock = MockClock()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="trio")

    def start(self, main: Callable[[], Awaitable[None]]) -> None:
        self._main = main
        self._thread.start()
        self._ready.wait()

    def _run(self) -> None:
        trio.run(self._begin, clock=self.clock)

    async def _begin(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._ready.set()
        await self._main()

    def call(self, function: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        return trio.from_thread.run(function, *arguments, trio_token=self._token)

    def join(self) -> None:
        self._thread.join()


class Watcher:
    """One client: what it asked, what it read, what it made of it. Outlives its connections."""

    def __init__(self) -> None:
        self.mirrors: dict[ChatId, Mirror] = {}
        self.subscribed: set[ChatId] = set()
        self.outstanding: dict[int, tuple[str, ChatId]] = {}
        self.reading = trio.Event()
        self.connected = False
        self.overflowed = 0
        self.snapshots = 0
        self.deltas = 0
        self.kinds: list[str] = []
        self.notes: list[str] = []
        self.refused: list[str] = []
        self.told_cursors: dict[str, str] = {}
        self._number = 0
        self._rest = b""

    async def converse(self, connections: Connections) -> None:
        """One connection, until somebody ends it."""
        mine, theirs = lockstep_stream_pair()
        self._stream = mine
        self._rest = b""
        self.connected = True
        self.outstanding.clear()
        self.subscribed.clear()
        self.reading = trio.Event()
        self.reading.set()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connections.serve, theirs, USER)
            try:
                with trio.CancelScope() as self._scope:
                    await self._read()
            finally:
                self.connected = False
                self.subscribed.clear()
                self.outstanding.clear()
                nursery.cancel_scope.cancel()

    async def _read(self) -> None:
        while True:
            await self.reading.wait()
            data = await self._stream.receive_some(200)
            if not data:
                return
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._take(json.loads(line))

    def disconnect(self) -> None:
        self._scope.cancel()

    async def leave(self) -> None:
        """Returns when the daemon has noticed."""
        self.disconnect()
        await wait_all_tasks_blocked()

    async def ask(self, method: str, **params: Any) -> None:
        self._number += 1
        self.outstanding[self._number] = (method, params["chatId"])
        request = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        await self._stream.send_all(json.dumps(request).encode() + b"\n")

    def _take(self, frame: Json) -> None:
        if "method" not in frame:
            self._take_answer(frame)
        elif frame["method"] == "lagging":
            self.overflowed += 1
            self.told_cursors = frame["params"]["cursors"]
            for chat, cursor in frame["params"]["cursors"].items():
                assert cursor == self.cursor(chat), "the cursor is not where the client is"
        else:
            chat = frame["params"]["chatId"]
            assert chat in self.subscribed, "nobody asked for this"
            self.deltas += frame["method"] == "delta"
            self.kinds += [frame["params"]["event"]["type"]] if "event" in frame["params"] else []
            self.mirrors[chat].take([frame])

    def _take_answer(self, frame: Json) -> None:
        method, chat = self.outstanding.pop(frame["id"])
        self.subscribed.discard(chat)
        if "error" in frame:
            self.refused.append(frame["error"]["data"]["name"])
            return
        if method == "event/subscribe":
            self.subscribed.add(chat)
            if "snapshot" in frame["result"]:
                self.snapshots += 1
                self.notes.append(frame["result"].get("note", ""))
                self.mirrors[chat] = Mirror(frame["result"]["snapshot"])

    def cursor(self, chat: ChatId) -> str:
        mirror = self.mirrors[chat]
        return f"{mirror.cursor.partition('.')[0]}.{mirror.state.seq}"

    @property
    def attentive(self) -> bool:
        return self.connected and self.reading.is_set()


def _desk(**known: Any) -> Services:
    """With what subscriptions need; the rest belongs to other handlers."""
    known["audience"] = audience = Audience(known["manager"], PROVIDER)
    nobody: Any = None  # is ever asked for a balance, or for an environment
    known["network"] = Network(nobody)
    known["credits"] = Credits(nobody, nobody, audience, ids.now, nobody, nobody)
    needed: list[str] = [one.name for one in msgspec.structs.fields(Services) if one.required]
    given: dict[str, Any] = {name: known.get(name) for name in needed}
    return Services(**given)


class Stage:
    """A daemon on a real database. It dies without a word and is started again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.loop = Loop()
        self.keeper = Keeper()
        self.watchers: list[Watcher] = []
        self.chats: list[ChatId] = []
        self.manager: Manager
        self.database: Database

    def open(self) -> None:
        self.loop.start(self._main)
        self.loop.call(self._is_open)
        self.loop.call(self.start)

    async def _main(self) -> None:
        self._opened, self._over = trio.Event(), trio.Event()
        async with open_database(self.directory / "a.db") as self.database:
            # One reader: then a read that is over means that those before it are, too.
            self.database._limiter = trio.CapacityLimiter(1)
            async with trio.open_nursery() as self._nursery:
                self._opened.set()
                await self._over.wait()
                self._nursery.cancel_scope.cancel()

    async def _is_open(self) -> None:
        await self._opened.wait()

    def close(self) -> None:
        self.loop.call(self._end)
        self.loop.join()

    async def _end(self) -> None:
        self._over.set()

    # The daemon

    async def start(self) -> None:
        await self._nursery.start(self._serve)

    async def _serve(self, task_status: trio.TaskStatus[None]) -> None:
        self._dead = trio.Event()
        try:
            with trio.CancelScope() as self._life:
                async with managing(self.database, self.keeper) as self.manager:
                    services = _desk(manager=self.manager, database=self.database)
                    journal_id = self.database.journal_id
                    dispatcher = Dispatcher(handlers(services))
                    self.connections = Connections(dispatcher, services.clients, journal_id)
                    task_status.started()
                    await trio.sleep_forever()
        finally:
            self._dead.set()

    async def kill(self) -> None:
        for watcher in self.watchers:
            if watcher.connected:
                watcher.disconnect()
        self._life.cancel()
        await self._dead.wait()

    async def create_chat(self) -> None:
        self.chats.append(await create(self.manager, self.directory))

    async def plan(self, chat: ChatId, plan: Callable[..., T], **arguments: Any) -> T:
        actor = await self.manager.find(chat)
        return await actor.ask(partial(plan, **arguments))

    async def begin(self, function: Callable[..., Awaitable[object]], *arguments: Any) -> None:
        """Goes on when the function waits for something."""
        self._nursery.start_soon(function, *arguments)
        await wait_all_tasks_blocked()

    async def connect(self, watcher: Watcher) -> None:
        self._nursery.start_soon(watcher.converse, self.connections)
        await wait_all_tasks_blocked()

    async def pass_time(self, seconds: float) -> None:
        self.loop.clock.jump(seconds)
        await self.settle()

    # Rest

    async def settle(self) -> None:
        """Returns when nothing is under way any more: no task, commit, read, or frame."""
        before: object = None
        for _ in range(MOST_ROUNDS):
            await wait_all_tasks_blocked()
            await self.database.commit(lambda connection: None)
            await self.database.read(lambda connection: None)
            await wait_all_tasks_blocked()
            now = self._traces()
            if now == before and not self._awaited():
                return
            before = now
        raise AssertionError(f"it does not come to rest: {self._awaited()}")

    def _traces(self) -> object:
        chats = [
            (actor.chat_id, actor.state.seq, dict(actor.texts._texts).keys(), len(actor.hub))
            for actor in self.manager.loaded
            if actor.begun
        ]
        frames = [
            (mirror.state.seq, dict(mirror.texts))
            for watcher in self.watchers
            for mirror in watcher.mirrors.values()
        ]
        puppets = [
            (puppet.told, puppet.acknowledged, len(puppet.inputs))
            for puppet in self.keeper.puppets.values()
        ]
        return str((chats, frames, puppets))

    def _awaited(self) -> list[str]:
        """What a client that reads is still to be told."""
        waits = []
        for number, watcher in enumerate(self.watchers):
            if not watcher.attentive:
                continue
            waits += [f"{number}: {asked}" for asked in watcher.outstanding.values()]
            for chat in watcher.subscribed:
                actor = self.manager._actors.get(chat)
                if actor and watcher.mirrors[chat].state.seq != actor.state.seq:
                    waits.append(f"{number}: events of {chat}")
        return waits

    async def check(self) -> None:
        """At rest: the stored state is the fold of what is stored, and every client's fold."""
        assert not self.manager._failed
        for chat in self.chats:
            actor = await self.manager.find(chat)
            await self.settle()
            stored = await self._stored(chat)
            assert stored == actor.state
            following = sum(chat in watcher.subscribed for watcher in self.watchers)
            assert len(actor.hub) <= following, "a subscription was left behind"
            for watcher in self.watchers:
                if watcher.attentive and chat in watcher.subscribed:
                    self._compare(watcher.mirrors[chat], actor, await self._items(chat))

    async def _stored(self, chat: ChatId) -> ChatState:
        row = await self.database.read(partial(journal.load_chat, chat_id=chat))
        assert row
        state = msgspec.json.decode(row.state, type=ChatState)
        folded = None
        query = partial(journal.events_after, chat_id=chat, seq=0, limit=100_000)
        for seq, at, body in await self.database.read(query):
            folded = fold(folded, seq, at, ev.decode(body))
        assert folded == state, "the stored state is not the fold of the stored events"
        return state

    async def _items(self, chat: ChatId) -> dict[str, Item]:
        query = partial(transcripts.items_before, chat_id=chat, n=None, limit=100_000, hidden=True)
        rows = await self.database.read(query)
        items = [msgspec.json.decode(body, type=Item) for _, body in rows]
        return {item.id: item for item in items if item.status != "open"}

    def _compare(self, mirror: Mirror, actor: Actor, items: dict[str, Item]) -> None:
        # A snapshot tells of a compaction by the status alone.
        mine = msgspec.structs.replace(mirror.state, compacting=False, open={})
        theirs = msgspec.structs.replace(actor.state, compacting=False, open={})
        assert mine == theirs
        assert mirror.state.open.keys() == actor.state.open.keys()
        assert not mirror.missed
        assert mirror.texts == {item: actor.texts.get(item).whole() for item in actor.state.open}
        assert mirror.items == {item: items[item] for item in mirror.items}
        assert set(list(items)[-40:]) <= set(mirror.items)
