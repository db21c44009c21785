"""Compactions: asked for or by themselves, between turns and within them."""

import pytest

from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Home, full_disk


def statuses(chat: Chat) -> list[str]:
    return [event["status"]["name"] for event in chat.events("status/changed")]


async def playing(puppets: Puppets, chat: Chat) -> tuple[Puppet, str]:
    """A puppet in the middle of a turn."""
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    return puppet, turn_id


async def test_an_idle_chat_is_compacted(chat: Chat) -> None:
    await chat.turn(f"@text {'long ' * 200}")
    before = (await chat.get())["context"]["used"]
    await chat.call("chat/compact")
    await chat.event("compaction/ended")
    (boundary,) = await chat.items("compaction")
    assert boundary["compaction"]["trigger"] == "manual"
    assert boundary["compaction"]["before"] > boundary["compaction"]["after"]
    after = (await chat.get())["context"]
    assert after["used"] == boundary["compaction"]["after"] < before
    assert after["window"] == 40_000
    assert (await chat.status("idle"))["name"] == "idle"
    assert statuses(chat)[-2:] == ["compacting", "idle"]
    assert len(chat.events("turn/started")) == 1


async def test_in_mid_turn_it_waits_for_the_end_and_goes_before_the_queue(
    home: Home, chat: Chat
) -> None:
    await chat.turn("@text one")
    running = await chat.send("@hold door @text two")
    await home.gates.held("door")
    queued = await chat.send("@text three")
    await chat.call("chat/compact")
    assert not chat.events("compaction/started")
    home.gates.release("door")
    assert (await chat.ended(running))["reason"] == "done"
    assert (await chat.ended(queued))["reason"] == "done"
    kinds = [item["kind"] for item in await chat.items()]
    assert kinds == ["user", "message", "user", "message", "compaction", "user", "message"]


@pytest.mark.parametrize("trigger", ["threshold", "overflow"])
async def test_one_within_a_turn_leaves_the_turn_running(
    puppets: Puppets, chat: Chat, trigger: str
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.says("compaction.start", trigger=trigger)
    await chat.status("compacting")
    await puppet.says(
        "compaction.end", trigger=trigger, ok=True, before=900, after=90, durationMs=5
    )
    await chat.status("running")
    await puppet.says("item.open", item="m1", kind="message")
    await puppet.says("item.close", item="m1", text="after it")
    await puppet.ends_turn(turn_id)
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert await chat.texts() == ["after it"]
    assert len(chat.events("turn/ended")) == 1
    assert statuses(chat)[-1] == "idle"
    (boundary,) = await chat.items("compaction")
    assert boundary["compaction"]["trigger"] == trigger
    assert boundary["turnId"] == turn_id


@pytest.mark.parametrize("trigger", ["threshold", "overflow"])
async def test_one_within_a_turn_that_fails_is_silent(
    puppets: Puppets, chat: Chat, trigger: str
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.says("compaction.start", trigger=trigger)
    await chat.status("compacting")
    await puppet.says("compaction.end", trigger=trigger, ok=False, error="It was too much.")
    await chat.status("running")
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    ended = await chat.event("compaction/ended")
    assert (ended["ok"], ended["error"]) == (False, "It was too much.")
    assert await chat.items("compaction") == []
    assert await chat.notices() == []


async def test_one_after_the_turn_is_kept_as_well(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.says("context", used=39_000, window=40_000)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    await puppet.says("compaction.start", trigger="threshold")
    await chat.status("compacting")
    answer = await chat.call("turn/send", text="two")
    assert answer["state"] == "queued"
    await puppet.says("compaction.end", trigger="threshold", ok=True, before=39_000, after=900)
    prompt = await puppet.takes_prompt()
    assert prompt["turn"] == answer["turnId"]
    await puppet.ends_turn(answer["turnId"])
    await chat.ended(answer["turnId"])
    (boundary,) = await chat.items("compaction")
    assert "turnId" not in boundary
    assert (await chat.get())["context"]["used"] == 900


async def test_one_that_was_asked_for_and_fails_says_why(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    await chat.call("chat/compact")
    request = await puppet.hears("compact")
    await puppet.says("compaction.start", trigger="manual")
    await puppet.says("compaction.end", trigger="manual", ok=False, error="It was too much.")
    await puppet.refuses(request, "HarnessFailed", "It was too much.")
    await chat.status("idle")
    (notice,) = await chat.notices()
    assert notice[0] == "error"
    assert "It was too much." in notice[1]
    assert len(chat.events("compaction/started")) == len(chat.events("compaction/ended")) == 1


async def test_instructions_reach_the_agent(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    await chat.call("chat/compact", instructions="keep the names")
    assert (await puppet.hears("compact"))["instructions"] == "keep the names"


async def test_a_chat_without_a_process_is_compacted(home: Home, chat: Chat) -> None:
    await chat.turn(f"@text {'long ' * 200}")
    await chat.call("chat/archive")
    await chat.event("sidecar/stopped")
    await chat.call("chat/compact")
    assert (await chat.event("compaction/ended")).get("ok", True) is True
    assert chat.events("sidecar/started")[-1]["resumed"] is True


async def test_one_that_the_sidecar_does_not_survive_is_over(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    await chat.call("chat/compact")
    await puppet.hears("compact")
    await puppet.says("compaction.start", trigger="manual")
    await puppet.closes()
    await chat.status("failed")
    assert len(chat.events("compaction/started")) == len(chat.events("compaction/ended")) == 1


async def test_one_that_cannot_be_launched_says_so(home: Home, chat: Chat) -> None:
    await chat.turn("@text one")
    await chat.call("chat/archive")
    await chat.event("sidecar/stopped")
    home.harness.unlink()
    await chat.call("chat/compact")
    ended = await chat.event("compaction/ended")
    assert ended["ok"] is False
    assert "CLAUDETTE_PI_HARNESS" in ended["error"]
    await chat.status("failed")


async def test_chat_compact_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/compact", chatId="x")).name == "ChatNotFound"


async def test_chat_compact_NothingToCompact(new_chat: NewChat) -> None:
    chat = await new_chat()
    assert (await chat.refused("chat/compact")).name == "NothingToCompact"


async def test_chat_compact_StoreFull(chat: Chat) -> None:
    await chat.turn("@text one")
    with full_disk():
        assert (await chat.refused("chat/compact")).name == "StoreFull"
    assert not chat.events("compaction/started")
