"""Wherever and however often the daemon is killed: what the sidecar wrote is what the journal and
every client have, line by line, and what it was told it was told once.

`SURVIVAL_LINES=200000` has the sidecar write that many lines.
"""

import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from claudetted.protocol import places
from tests.daemon.client import Client, Closed, connect
from tests.daemon.world import Home
from tests.fakes.counter import Count
from tests.support import aimed_daemon
from tests.support.daemon import DidNotStart, RunningDaemon
from tests.support.follower import Follower

LINES = int(os.environ.get("SURVIVAL_LINES", "10000"))
PAUSE = 0.004
"""Seconds between two bursts of 20 lines: 5,000 lines a second at most."""

POINTS = [
    ("received", 7),
    ("before the commit", 9),
    ("in the transaction", 11),
    ("committed", 8),
    ("before the checkpoint", 1),
    ("checkpointed", 1),
    ("published", 5),
    ("acknowledged", 5),
    ("greeted", 1),
    ("attaching", 1),
    ("attaching", 1),
    ("attached", 1),
    ("recovered", 1),
    ("received", 1),
    ("committed", 1),
]
"""Where the daemon ends, one life after the other; also before it is attached again."""
INPUT_POINTS = [("input stored", 1), ("input sent", 1)]


class World:
    """One chat that counts, through many lives of its daemon."""

    def __init__(self, home: Home, daemon: RunningDaemon, nursery: trio.Nursery) -> None:
        self.daemon = daemon
        self.nursery = nursery
        self.mistake = "none"
        self.counting = Count(home.root, LINES, PAUSE)
        self.counting.write_launcher(home.harness)
        self.work = home.work
        self.chat = ""
        self.turn = ""
        self.steers = 0
        self._socket = places.socket_path()

    def aim(self, point: str, at: int) -> None:
        script = Path(aimed_daemon.__file__)
        self.daemon.program = [str(script), point, str(at), self.mistake]

    async def start(self) -> bool:
        """False when the daemon was gone before it was ready."""
        try:
            await trio.to_thread.run_sync(self.daemon.start)
        except DidNotStart:
            return False
        return True

    async def died(self) -> None:
        """The daemon has ended, and as it was aimed."""
        code = await trio.to_thread.run_sync(self.daemon.wait)
        assert code == -signal.SIGKILL, self.daemon.printed()

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        client = await connect(self._socket, self.nursery)
        try:
            yield client
        finally:
            await client.close()

    async def begin(self) -> Follower:
        """One life in which the chat begins to count, and who follows it from its beginning."""
        self.aim("never", 1)
        assert await self.start(), self.daemon.printed()
        async with self.client() as client:
            made = await client.call("chat/create", cwd=str(self.work))
            self.chat = made["chat"]["id"]
            follower = Follower(self.chat, self.nursery)
            assert await follower.come(self._socket)
            sent = await client.call("turn/send", chatId=self.chat, text="count")
            self.turn = sent["turnId"]
        await trio.to_thread.run_sync(self.daemon.kill9)
        await follower.gone()
        return follower

    async def steer(self) -> None:
        """Says one more thing. Said again with its key when nobody answered."""
        self.steers += 1
        await self._steer_again()

    async def _steer_again(self) -> None:
        text = f"steer {self.steers}"
        about: dict[str, Any] = {"chatId": self.chat, "text": text, "when": "steer", "key": text}
        try:
            async with self.client() as client:
                await client.call("turn/send", **about)
        except (Closed, OSError, trio.BrokenResourceError):
            return

    async def live(self, point: str, at: int, follower: Follower | None, **options: int) -> None:
        """One life of the daemon, that ends at a point."""
        self.aim(point, at)
        if await self.start():
            if follower and await follower.come(self._socket, **options) and options:
                assert follower.client
                follower.client.stall()
            if point.startswith("input"):
                await self.steer()
        await self.died()
        if follower:
            await follower.gone()

    async def finish(self, follower: Follower | None) -> None:
        """A last life, that ends in order when all is said."""
        self.aim("never", 1)
        assert await self.start(), self.daemon.printed()
        await self._steer_again()
        if follower:
            assert await follower.come(self._socket)
        async with self.client() as client:
            self.counting.end()
            await until_over(client, self.chat, self.turn)
            end = (await client.call("chat/get", chatId=self.chat))["chat"]
            assert end["status"]["name"] == "idle"
            if follower:
                await caught_up(follower, client)
        await trio.to_thread.run_sync(self.daemon.stop)

    def journal(self) -> dict[str, list[str]]:
        """What the events tell, after checking that they are complete."""
        with sqlite3.connect(f"file:{places.database_path()}?mode=ro", uri=True) as database:
            rows = database.execute("SELECT seq, body FROM event ORDER BY seq").fetchall()
            stored = database.execute("SELECT body FROM item ORDER BY n").fetchall()
        database.close()
        assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
        told = [json.loads(body) for _, body in rows]
        items = [event["item"] for event in told if event["type"] in ("item/added", "item/closed")]
        texts = by_kind(items)
        assert texts == by_kind([json.loads(body) for (body,) in stored])
        return texts


def by_kind(items: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {
        kind: [item["text"] for item in items if item["kind"] == kind]
        for kind in ("message", "notice")
    }


async def until_over(client: Client, chat: str, turn: str) -> None:
    with trio.fail_after(60 + LINES / 1000):
        number = await client.post("turn/wait", chatId=chat, turnId=turn)
        while not client.answered(number):
            await client._news.park()
    assert (await client.result_of(number))["turn"]["reason"] == "done"


async def caught_up(follower: Follower, client: Client) -> None:
    head = (await client.call("event/subscribe", chatId=follower.chat))["snapshot"]["seq"]
    assert follower.client

    def there() -> bool:
        follower.fold()
        return follower.seen.state.seq == head

    await follower.client.until(there)


@pytest.fixture
async def world(home: Home) -> AsyncIterator[World]:
    daemon = RunningDaemon(home.root / "daemon.txt")
    async with trio.open_nursery() as nursery:
        yield World(home, daemon, nursery)
    if daemon.alive:
        daemon.kill9()


@pytest.fixture
async def follower(world: World) -> AsyncIterator[Follower]:
    one = await world.begin()
    yield one
    await one.close()


@pytest.mark.timeout(60 + LINES // 200)
@pytest.mark.parametrize(
    ("watched", "points"),
    [
        ("by nobody", POINTS[::2] + INPUT_POINTS),
        ("by a client", POINTS + INPUT_POINTS),
        ("by a client that stalls", POINTS[1::2] + INPUT_POINTS),
    ],
)
async def test_a_killed_daemon_loses_and_doubles_nothing(
    world: World, follower: Follower, watched: str, points: list[tuple[str, int]]
) -> None:
    options = {"SO_RCVBUF": 4096} if "stalls" in watched else {}
    watcher = None if watched == "by nobody" else follower
    for point, at in points:
        await world.live(point, at, watcher, **options)
    await world.finish(watcher)
    written = world.counting.written()
    assert len(written["notice"]) * 20 >= LINES
    assert world.journal() == written
    if watcher:
        assert {kind: watcher.said(kind) for kind in written} == written
    steers = [line["text"] for line in world.counting.heard("steer")]
    assert steers == ["steer 1", "steer 2"]
    assert len(world.counting.heard("prompt")) == 1


@pytest.mark.parametrize("mistake", ["acknowledge on receipt", "attach at the end"])
async def test_a_daemon_that_makes_a_mistake_is_caught(
    world: World, follower: Follower, mistake: str
) -> None:
    """Shows that the test above can fail."""
    world.mistake = mistake
    with pytest.raises(AssertionError):
        for at in (7, 9, 11):
            await world.live("before the commit", at, follower)
        await world.finish(follower)
        written = world.counting.written()
        assert world.journal() == written
        assert follower.said("message") == written["message"]
