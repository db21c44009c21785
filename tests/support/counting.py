"""Owns a chat that counts while its daemons come and go, and the comparison of all accounts of it.

`SURVIVAL_LINES=200000` has the sidecar write that many lines.
"""

import json
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

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
"""Seconds for a burst of 20 lines: 5,000 lines a second at most."""


class Counting:
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
        self.socket = places.socket_path()

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
        client = await connect(self.socket, self.nursery)
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
            assert await follower.come(self.socket)
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
            if follower and await follower.come(self.socket, **options) and options:
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
        if self.steers:
            await self._steer_again()
        if follower:
            assert await follower.come(self.socket)
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
        path = f"file:{places.database_path()}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as database:
            rows = database.execute("SELECT seq, body FROM event ORDER BY seq").fetchall()
            stored = database.execute("SELECT body FROM item ORDER BY n").fetchall()
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
        return bool(follower.seen.state.seq == head)

    await follower.client.until(there)
