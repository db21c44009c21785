"""A client that does not read costs itself its connection, and nobody else anything."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock, lockstep_stream_pair, wait_all_tasks_blocked

from claudetted.protocol.base import ChatId
from claudetted.rpc import outbox as room
from claudetted.rpc.outbox import Outbox, Overflow

ONE, TWO = ChatId("one"), ChatId("two")
SOFT, HARD = 100, 1000
FRAME = b'{"n":%d,"pad":"' + b"x" * 80 + b'"}\n'


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SOFT_BYTES", SOFT)
    monkeypatch.setattr(room, "HARD_BYTES", HARD)


class Connection:
    """An outbox that writes to a client which reads when the test says so."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self.outbox = Outbox(lambda seq: f"j.{seq}")
        self.mine, theirs = lockstep_stream_pair()
        self.ended = ""
        nursery.start_soon(self._run, theirs)

    async def _run(self, stream: trio.abc.SendStream) -> None:
        try:
            async with stream:
                await self.outbox.run(stream)
        except Overflow:
            self.ended = "overflow"
        except trio.BrokenResourceError:
            self.ended = "broken"

    def put(self, n: int, mark: tuple[ChatId, int] | None = None) -> None:
        self.outbox.put(FRAME % n, mark)

    async def read(self) -> list[Any]:
        """All that comes until nothing more does."""
        data = b""
        while True:
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_cancel_when_quiet, scope)
                    chunk = await self.mine.receive_some()
                    nursery.cancel_scope.cancel()
            if scope.cancelled_caught or not chunk:
                return [json.loads(line) for line in data.splitlines()]
            data += chunk


async def _cancel_when_quiet(scope: trio.CancelScope) -> None:
    await wait_all_tasks_blocked()
    scope.cancel()


@asynccontextmanager
async def connected() -> AsyncIterator[Connection]:
    async with trio.open_nursery() as nursery:
        yield Connection(nursery)
        nursery.cancel_scope.cancel()


def numbers(frames: list[Any]) -> list[int]:
    return [frame["n"] for frame in frames if "n" in frame]


async def test_frames_arrive_in_their_order() -> None:
    async with connected() as client:
        for n in range(5):
            client.put(n)
        assert numbers(await client.read()) == list(range(5))
        client.put(5)
        assert numbers(await client.read()) == [5]


async def test_putting_never_waits_and_what_waits_goes_in_one_write() -> None:
    async with connected() as client:
        client.put(0)
        await wait_all_tasks_blocked()
        for n in range(1, 6):
            client.put(n)
        assert numbers(await client.read()) == list(range(6))


async def test_a_client_lags_while_much_waits_for_it() -> None:
    async with connected() as client:
        assert not client.outbox.lagging
        client.put(0)
        client.put(1)
        assert client.outbox.lagging
        await client.read()
        assert not client.outbox.lagging


async def test_who_waits_for_room_is_told_once_when_there_is() -> None:
    calls: list[str] = []
    async with connected() as client:
        for n in range(3):
            client.put(n)
        client.outbox.when_drained(lambda: calls.append("drained"))
        await wait_all_tasks_blocked()
        assert calls == []
        await client.read()
        client.put(4)
        await client.read()
    assert calls == ["drained"]


async def test_drained_returns_at_once_when_nothing_waits() -> None:
    async with connected() as client:
        await client.outbox.drained()


async def fill(client: Connection, mark: Callable[[int], Any]) -> None:
    """More than a client may leave unread."""
    for n in range(2 * HARD // len(FRAME)):
        client.put(n, mark(n))
        await wait_all_tasks_blocked()


async def test_a_client_too_far_behind_is_told_where_to_resume() -> None:
    """After the last thing it was sent of each chat, which it did read."""
    async with connected() as client:
        client.put(100, (TWO, 7))
        await client.read()
        await fill(client, lambda n: (ONE, n))
        *frames, last = await client.read()
        seen = numbers(frames)
        assert seen == list(range(len(seen)))
        assert last["method"] == "lagging"
        assert last["params"] == {"cursors": {"one": f"j.{seen[-1]}", "two": "j.7"}}
        assert client.ended == "overflow"


async def test_nothing_is_queued_for_a_client_that_was_given_up() -> None:
    async with connected() as client:
        await fill(client, lambda n: None)
        client.put(4711)
        assert 4711 not in numbers(await client.read())


async def test_others_read_on_while_one_is_given_up() -> None:
    async with connected() as slow, connected() as quick:
        seen = []
        for n in range(2 * HARD // len(FRAME)):
            for client in (slow, quick):
                client.put(n)
            seen += numbers(await quick.read())
        assert seen == list(range(2 * HARD // len(FRAME)))
        assert quick.ended == ""
        await slow.read()
        assert slow.ended == "overflow"


async def test_one_long_frame_is_no_overflow() -> None:
    """An answer may be longer than all that a client may leave unread."""
    async with connected() as client:
        client.outbox.put(b'{"n":1,"pad":"' + b"x" * 3 * HARD + b'"}\n')
        client.outbox.put(b"", (ONE, 1))
        assert numbers(await client.read()) == [1]
        assert client.ended == ""


async def test_a_client_that_never_reads_is_cut_off_when_its_time_is_over(
    mock_clock: MockClock,
) -> None:
    async with connected() as client:
        await fill(client, lambda n: None)
        assert client.ended == ""
        mock_clock.jump(room.LAST_WORD_SECONDS + 0.1)
        await wait_all_tasks_blocked()
        assert client.ended == "overflow"


async def test_an_idle_client_that_is_given_up_gets_its_cursors_at_once() -> None:
    async with connected() as client:
        client.put(1, (ONE, 3))
        await client.read()
        client.outbox.give_up()
        client.outbox.give_up()
        (last,) = await client.read()
        assert last["params"] == {"cursors": {"one": "j.3"}}
        assert client.ended == "overflow"


async def test_a_client_that_is_gone_ends_the_writer() -> None:
    async with connected() as client:
        await client.mine.aclose()
        client.put(1)
        await wait_all_tasks_blocked()
        assert client.ended == "broken"


async def test_a_chat_that_is_followed_no_more_has_no_cursor() -> None:
    async with connected() as client:
        client.put(1, (ONE, 3))
        client.put(2, (TWO, 4))
        await wait_all_tasks_blocked()
        client.put(3, (ONE, 5))
        client.put(4, (TWO, 6))
        client.outbox.unmark(ONE)
        await client.read()
        client.outbox.give_up()
        (last,) = await client.read()
        assert last["params"] == {"cursors": {"two": "j.6"}}
