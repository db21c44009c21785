"""Compactions: asked for or by themselves, between turns and within them."""

import pytest
import trio

from claudetted.chat import parking
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk


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
    home.harness.write_text("#!/nowhere/at/all\n")
    await chat.call("chat/compact")
    ended = await chat.event("compaction/ended")
    assert ended["ok"] is False
    assert "No such file" in ended["error"]
    await chat.status("failed")


async def idle(puppets: Puppets, chat: Chat) -> Puppet:
    """A puppet after its first turn."""
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    return puppet


async def ended(chat: Chat) -> Json:
    """How the only compaction went."""
    event = await chat.event("compaction/ended")
    assert len(chat.events("compaction/ended")) == 1
    return event


@pytest.fixture
def parks_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parking, "LOOK_SECONDS", 0.05)


async def test_one_with_a_parked_process_wakes_it(parks_soon: None, chat: Chat) -> None:
    await chat.turn(f"@text {'long ' * 200}")
    await chat.client.call("setting/set", key="park_after_minutes", value=0.001)
    await chat.event("sidecar/stopped")
    await chat.call("chat/compact")
    assert (await ended(chat)).get("ok", True) is True
    assert chat.events("sidecar/started")[1]["resumed"] is True


async def test_one_with_a_dead_process_begins_another(puppets: Puppets, chat: Chat) -> None:
    puppet = await idle(puppets, chat)
    await puppet.closes()
    await chat.event("sidecar/lost")
    await chat.call("chat/compact")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.hears("compact")
    await puppet.says("compaction.end", trigger="manual", ok=True, before=9, after=1)
    assert (await ended(chat)).get("ok", True) is True
    assert (await chat.status("idle"))["name"] == "idle"


@pytest.mark.parametrize("trigger", ["manual", "threshold"])
async def test_one_outlives_the_daemon(
    puppets: Puppets, daemon: Daemon, chat: Chat, trigger: str
) -> None:
    puppet = await idle(puppets, chat)
    if trigger == "manual":
        await chat.call("chat/compact")
        request = await puppet.hears("compact")
    await puppet.says("compaction.start", trigger=trigger)
    await chat.status("compacting")
    await daemon.restart()
    chat = Chat(await daemon.client(), chat.made)
    assert (await chat.snapshot())["chat"]["status"]["name"] == "compacting"
    await puppet.says("compaction.end", trigger=trigger, ok=True, before=900, after=90)
    if trigger == "manual":
        await puppet.answers(request)
    await ended(chat)
    await chat.status("idle")
    (boundary,) = await chat.items("compaction")
    assert boundary["compaction"]["trigger"] == trigger
    assert (await chat.get())["context"]["used"] == 90


@pytest.mark.parametrize("trigger", ["manual", "threshold"])
async def test_one_that_loses_its_process_says_what_it_was(
    puppets: Puppets, home: Home, daemon: Daemon, chat: Chat, trigger: str
) -> None:
    """Here the keeper goes, and everything with it."""
    puppet = await idle(puppets, chat)
    if trigger == "manual":
        await chat.call("chat/compact")
        await puppet.hears("compact")
    await puppet.says("compaction.start", trigger=trigger)
    await chat.status("compacting")
    await daemon.stop()
    await trio.to_thread.run_sync(home.end_keeper)
    await daemon.start()
    chat = Chat(await daemon.client(), chat.made)
    snapshot = await chat.snapshot()
    assert snapshot["chat"]["status"]["name"] == "failed"
    assert [kind for kind, _ in await chat.notices()] == ["error"]
    assert await chat.items("compaction") == []
    turn_id = await chat.send("on")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(turn_id)
    assert (await chat.ended(turn_id))["reason"] == "done"


async def test_one_that_waits_for_a_turn_that_fails_begins_then(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    queued = await chat.send("two")
    await chat.call("chat/compact", instructions="first")
    await chat.call("chat/compact", instructions="the names")
    await puppet.ends_turn(turn_id, "failed", error="It broke.")
    assert (await puppet.hears("compact"))["instructions"] == "the names"
    await puppet.says("compaction.end", trigger="manual", ok=True, before=9, after=1)
    assert (await ended(chat)).get("ok", True) is True
    waiting = await chat.call("queue/list")
    assert [entry["turnId"] for entry in waiting["entries"]] == [queued]
    assert waiting["paused"] is True


async def test_one_that_waits_is_withdrawn_by_a_stop(puppets: Puppets, chat: Chat) -> None:
    puppet, _ = await playing(puppets, chat)
    await chat.call("chat/compact")
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    await puppet.answers(await puppet.hears("abort"))
    await chat.client.result_of(posted)
    assert "before the compaction began" in (await ended(chat))["error"]
    assert not chat.events("compaction/started")
    turn_id = await chat.send("two")
    await puppet.takes_prompt()
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    assert "compact" not in [line["type"] for line in puppet.heard]


async def test_one_that_waits_for_a_turn_that_never_starts_is_withdrawn(
    puppets: Puppets, chat: Chat
) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    start = await puppet.hears("start")
    await chat.call("chat/compact")
    await puppet.refuses(start, "HarnessFailed", "It does not want to.")
    assert (await chat.ended(turn_id))["reason"] == "failed"
    assert (await ended(chat))["error"] == "It does not want to."


async def test_one_that_waits_is_withdrawn_by_a_reset(puppets: Puppets, chat: Chat) -> None:
    await playing(puppets, chat)
    await chat.call("chat/compact")
    await chat.call("chat/reset")
    assert (await ended(chat))["ok"] is False
    assert (await chat.get())["status"]["name"] == "idle"


async def test_one_that_is_stopped_is_no_error(puppets: Puppets, chat: Chat) -> None:
    puppet = await idle(puppets, chat)
    await puppet.says("context", used=900, window=40_000)
    await chat.call("chat/compact")
    request = await puppet.hears("compact")
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    abort = await puppet.hears("abort")
    await puppet.says("compaction.end", trigger="manual", ok=False, error="stopped")
    await puppet.refuses(request, "NothingToCompact", "Compaction cancelled.")
    await puppet.answers(abort)
    assert (await chat.client.result_of(posted))["stopped"] is True
    assert (await ended(chat))["error"] == "The compaction was stopped."
    assert await chat.notices() == [("stopped", "The compaction was stopped.")]
    got = await chat.get()
    assert (got["status"]["name"], got["context"]["used"]) == ("idle", 900)


async def test_the_meter_keeps_the_estimate_until_somebody_knows(
    puppets: Puppets, chat: Chat
) -> None:
    puppet = await idle(puppets, chat)
    await puppet.says("compaction.end", trigger="threshold", ok=True, before=39_000, after=900)
    await chat.event("context/changed", lambda event: event["context"].get("used") == 900)
    posted = await chat.client.post("chat/configure", chatId=chat.id, model="fake/large")
    request = await puppet.hears("configure")
    known = {"sessionPath": "/s", "model": "fake/large", "contextWindow": 1_000_000}
    await puppet.answers(request, known)
    await chat.client.result_of(posted)
    assert (await chat.get())["context"] == {"used": 900, "window": 1_000_000}


async def test_bug_15_a_late_subscriber_knows_of_the_compaction(
    puppets: Puppets, daemon: Daemon, chat: Chat
) -> None:
    puppet = await idle(puppets, chat)
    await chat.call("chat/compact")
    await puppet.hears("compact")
    late = Chat(await daemon.client(), chat.made)
    assert (await late.snapshot())["chat"]["status"]["name"] == "compacting"
    await puppet.says("compaction.end", trigger="manual", ok=True, before=9, after=1)
    await ended(late)
    await late.status("idle")


async def test_chat_compact_ChatBusy(puppets: Puppets, chat: Chat) -> None:
    puppet = await idle(puppets, chat)
    await chat.call("chat/compact")
    await puppet.hears("compact")
    assert (await chat.refused("chat/compact")).name == "ChatBusy"
    assert len(chat.events("compaction/started")) == 1


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
