"""Usage: what every turn took, added up for a chat, for all of them, and for the last day."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio

from claudetted.chat import ids
from claudetted.protocol import places
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.test_compactions import playing
from tests.daemon.world import Chat, Daemon, Home
from tests.fakes import openrouter
from tests.fakes.openrouter import FORBIDDEN, OpenRouter

FIRST = {"input": 100, "output": 10, "cacheRead": 5, "costUsd": 0.5, "costSource": "provider"}
SECOND = {"input": 200, "output": 20, "costUsd": 0.25, "costSource": "catalogue"}
SECRET = "sk-open-sesame"
NOTHING: dict[str, dict[str, Any]] = {"total": {"usage": {}}, "lastDay": {"usage": {}}}


async def another(puppet: Puppet, chat: Chat, usage: Json | None, reason: str = "done") -> Json:
    """One more turn, which took this."""
    turn_id = await chat.send("more")
    await puppet.takes_prompt()
    await puppet.ends_turn(turn_id, reason, **({"usage": usage} if usage else {}))
    return await chat.ended(turn_id)


async def used(client: Client, **params: Any) -> Json:
    return dict(await client.call("usage/get", **params))


async def test_each_turn_counts_for_its_chat_and_for_all(
    puppets: Puppets, chat: Chat, new_chat: NewChat, daemon: Daemon
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id, usage=FIRST)
    assert (await chat.ended(turn_id))["usage"] == FIRST
    other = await new_chat()
    puppet, turn_id = await playing(puppets, other)
    await puppet.ends_turn(turn_id, usage=SECOND)
    ended = await other.ended(turn_id)
    told = await used(chat.client, chatId=chat.id)
    assert told["total"]["usage"] == told["lastDay"]["usage"] == FIRST
    assert (await chat.get())["totals"] == FIRST
    told = await used(chat.client)
    assert told["total"]["turns"] == 2
    assert told["total"]["durationMs"] >= ended["durationMs"]
    # One part is reckoned: so is the sum.
    expected = {**FIRST, "input": 300, "output": 30, "costUsd": 0.75, "costSource": "catalogue"}
    assert told["total"]["usage"] == expected
    await daemon.restart()
    assert (await used(await daemon.client())) == told


async def test_only_the_last_day_is_the_last_day(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id, usage=FIRST)
    await chat.ended(turn_id)
    await another(puppet, chat, SECOND)
    long_ago = ids.stamp(datetime.now(UTC) - timedelta(hours=25))
    with sqlite3.connect(places.database_path()) as database:
        database.execute("UPDATE usage SET at = ? WHERE id = ?", (long_ago, turn_id))
    database.close()
    told = await used(chat.client, chatId=chat.id)
    assert told["total"]["usage"]["input"] == 300
    assert told["lastDay"]["usage"] == SECOND
    assert told["lastDay"]["turns"] == 1


async def test_what_a_deleted_chat_took_stays_taken(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id, usage=FIRST)
    await chat.ended(turn_id)
    before = await used(chat.client)
    posted = await chat.client.post("chat/delete", chatId=chat.id)
    await puppet.closes()
    await chat.client.result_of(posted)
    assert await used(chat.client) == before
    with sqlite3.connect(places.database_path()) as database:
        assert database.execute("SELECT chat_id FROM usage").fetchall() == [("",)]
    database.close()


async def test_a_turn_that_is_lost_counts_as_far_as_it_came(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.says("usage", usage={"input": 10, "output": 1})
    await puppet.says("usage", usage=FIRST)
    await puppet.says("context", used=100, window=40_000)
    await chat.event("context/changed", lambda event: event["context"].get("used") == 100)
    await puppet.closes()
    turn = await chat.ended(turn_id)
    assert (turn["reason"], turn["usage"]) == ("lost", FIRST)
    assert (await used(chat.client))["total"]["usage"] == FIRST


async def test_what_one_turn_took_is_not_counted_for_the_next(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.says("usage", usage=FIRST)
    await puppet.ends_turn(turn_id, usage=FIRST)
    await chat.ended(turn_id)
    assert "usage" not in await another(puppet, chat, None)
    assert "usage" not in await another(puppet, chat, None, "failed")
    assert (await used(chat.client))["total"]["turns"] == 1


async def test_a_failed_turn_counts_what_the_provider_counted(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id, "failed", usage=FIRST, error="It broke.")
    assert (await chat.ended(turn_id))["usage"] == FIRST
    assert (await chat.get())["totals"] == FIRST


async def test_a_compaction_that_was_asked_for_counts_and_is_no_turn(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id, usage=FIRST)
    await chat.ended(turn_id)
    await chat.call("chat/compact")
    request = await puppet.hears("compact")
    end = {"trigger": "manual", "ok": True, "before": 9, "after": 1, "usage": SECOND}
    await puppet.says("compaction.end", **end)
    await puppet.answers(request)
    boundary = (await chat.event("compaction/ended"))["compaction"]
    assert boundary["usage"] == SECOND
    told = await used(chat.client, chatId=chat.id)
    assert (told["total"]["turns"], told["total"]["usage"]["input"]) == (1, 300)
    assert (await chat.get())["totals"] == told["total"]["usage"]
    assert (await chat.snapshot())["chat"]["totals"] == told["total"]["usage"]


async def test_turns_without_a_known_cost_are_counted(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id, usage={"input": 10, "output": 1})
    await chat.ended(turn_id)
    told = (await used(chat.client))["total"]
    assert (told["turns"], told["unpriced"]) == (1, 1)
    assert "costUsd" not in told["usage"]


async def test_nothing_was_used_yet(home: Home, chat: Chat) -> None:
    assert await used(chat.client) == NOTHING
    assert await used(chat.client, chatId=chat.id) == NOTHING


class Control:
    """Plays the process that knows the key in use; as often as it is asked."""

    def __init__(self, puppet: Puppet, url: str) -> None:
        self._puppet = puppet
        self._url = url

    async def run(self) -> None:
        while True:
            request = await self._puppet.hears("key")
            assert request["provider"] == "openrouter"
            await self._puppet.answers(request, {"key": SECRET, "baseUrl": self._url})


@pytest.fixture
def router() -> Iterator[OpenRouter]:
    with OpenRouter(credits=FORBIDDEN, key=openrouter.key(3.0, 10.0, 7.0)) as made:
        yield made


async def serves(
    puppets: Puppets, chat: Chat, router: OpenRouter, nursery: trio.Nursery
) -> tuple[Puppet, str]:
    """A chat whose model is OpenRouter's, in a turn."""
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts(model="openrouter/house/large")
    await puppet.takes_prompt()
    return puppet, turn_id


async def control(puppets: Puppets, router: OpenRouter, nursery: trio.Nursery) -> None:
    puppet = await puppets.next()
    await puppet.greets()
    nursery.start_soon(Control(puppet, router.url).run)


def balances(client: Client) -> list[Json]:
    told = [frame["params"] for frame in client.told if frame["method"] == "balance"]
    return [params.get("balance", {}) for params in told]


async def test_who_watches_is_told_what_is_left_after_every_turn(
    puppets: Puppets, daemon: Daemon, chat: Chat, router: OpenRouter, nursery: trio.Nursery
) -> None:
    follower = await daemon.client()
    await follower.call("event/subscribe", all=True)
    puppet, turn_id = await serves(puppets, chat, router, nursery)
    await puppet.ends_turn(turn_id)
    await control(puppets, router, nursery)
    for client in (chat.client, follower):
        (balance,) = await client.until(lambda client=client: balances(client))
        assert (balance["of"], balance["remainingUsd"], balance["usedUsd"]) == ("key", 7.0, 3.0)
    router.answers["key"] = openrouter.key(10.0, 10.0, 0.0)
    await another(puppet, chat, None)
    await chat.client.until(lambda: len(balances(chat.client)) == 2)
    assert balances(chat.client)[1]["exhausted"] is True
    assert router.asked == [("/api/v1/credits", SECRET), ("/api/v1/key", SECRET)] * 2
    late = Chat(await daemon.client(), chat.made)
    await late.call("event/subscribe")
    assert (await late.client.until(lambda: balances(late.client)))[0]["exhausted"] is True
    assert (await used(late.client))["balance"] == balances(late.client)[0]
    told = await late.call("turn/send", text="/usage")
    assert "OpenRouter: $0.00 left of $10.00, $10.00 used" in told["text"]
    stored = places.database_path().read_bytes()
    log = (places.database_path().parent / "claudetted.db-wal").read_bytes()
    assert SECRET.encode() not in stored + log


async def test_a_turn_and_a_request_do_not_wait_for_what_is_left(
    puppets: Puppets, chat: Chat, router: OpenRouter, nursery: trio.Nursery
) -> None:
    router.open.clear()
    puppet, turn_id = await serves(puppets, chat, router, nursery)
    await puppet.ends_turn(turn_id)
    await control(puppets, router, nursery)
    await trio.to_thread.run_sync(router.wait_asked, 1)
    assert (await another(puppet, chat, FIRST))["reason"] == "done"
    told = await used(chat.client)
    assert (told["total"]["usage"], told.get("balance")) == (FIRST, None)
    asked = [await chat.client.post("usage/refresh") for _ in range(3)]
    assert len(router.asked) == 1
    router.open.set()
    for number in asked:
        assert (await chat.client.result_of(number))["balance"]["remainingUsd"] == 7.0


async def test_a_failure_is_told_where_one_asks_for_it_alone(
    puppets: Puppets, chat: Chat, router: OpenRouter, nursery: trio.Nursery
) -> None:
    router.answers = {"credits": (401, {}), "key": (401, {})}
    puppet, turn_id = await serves(puppets, chat, router, nursery)
    await puppet.ends_turn(turn_id, usage=FIRST)
    await chat.ended(turn_id)
    await control(puppets, router, nursery)
    told = await chat.client.call("usage/refresh", chatId=chat.id)
    assert "/key answered 401" in told["trouble"]
    assert SECRET not in told["trouble"]
    assert "balance" not in told
    assert told["total"]["usage"] == FIRST
    assert (await chat.get())["status"]["name"] == "idle"
    assert await chat.notices() == []
    assert balances(chat.client) == []


async def test_without_openrouter_nobody_is_asked(
    home: Home, chat: Chat, puppets: Puppets, client: Client
) -> None:
    assert "trouble" not in await client.call("usage/refresh")
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    assert await used(client, chatId=chat.id) == await client.call("usage/refresh", chatId=chat.id)
    # There is no second one, which could have been asked for the key.
    assert sum(str(puppets.path) in process for process in home.processes()) == 1


async def test_usage_refresh_ChatNotFound(client: Client) -> None:
    assert (await client.refused("usage/refresh", chatId="x")).name == "ChatNotFound"


async def test_usage_get_ChatNotFound(client: Client) -> None:
    assert (await client.refused("usage/get", chatId="x")).name == "ChatNotFound"
