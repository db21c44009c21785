"""Usage: what every turn took, added up for a chat, for all of them, and for the last day."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

from claudetted.chat import ids
from claudetted.protocol import places
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.test_compactions import playing
from tests.daemon.world import Chat, Daemon, Home

FIRST = {"input": 100, "output": 10, "cacheRead": 5, "costUsd": 0.5, "costSource": "provider"}
SECOND = {"input": 200, "output": 20, "costUsd": 0.25, "costSource": "catalogue"}
NOTHING = {"total": {"usage": {}}, "lastDay": {"usage": {}}}


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


async def test_usage_get_ChatNotFound(client: Client) -> None:
    assert (await client.refused("usage/get", chatId="x")).name == "ChatNotFound"
