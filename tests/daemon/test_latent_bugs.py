"""Bugs that an earlier program never got rid of, as far as they concern turns and sessions.

The numbers are those of the record of them; more are in `test_traps.py` and `tests/e2e`.
"""

import pytest

from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.test_bugs import playing
from tests.daemon.world import Chat, Daemon, Home


async def test_latent_L01_a_failed_attempt_and_the_next_are_one_turn(
    daemon: Daemon, chat: Chat
) -> None:
    other = Chat(await daemon.client(), chat.made)
    await other.call("event/subscribe")
    turn = await chat.turn("@retry @text the answer")
    assert turn["reason"] == "done"
    assert await chat.texts() == ["the answer"]
    await other.event("turn/ended")
    assert len(other.events("turn/started")) == len(other.events("turn/ended")) == 1
    closed = [event["item"] for event in other.events("item/closed")]
    assert [item["status"] for item in closed] == ["discarded", "done"]


async def test_latent_L02_a_compaction_after_the_end_is_seen_and_kept(
    daemon: Daemon, chat: Chat
) -> None:
    other = Chat(await daemon.client(), chat.made)
    await other.call("event/subscribe")
    await chat.turn("@text done @late-compact")
    await other.event("compaction/ended")
    (boundary,) = [
        event["item"]
        for event in other.events("item/added")
        if event["item"]["kind"] == "compaction"
    ]
    assert await other.items("compaction") == [boundary]
    await other.status("idle")


async def test_latent_L03_a_compaction_does_not_break_the_running_turn(
    home: Home, chat: Chat
) -> None:
    await chat.turn("@text one")
    turn_id = await chat.send("@text two @hold door @text three")
    await home.gates.held("door")
    await chat.call("chat/compact")
    home.gates.release("door")
    assert (await chat.ended(turn_id))["reason"] == "done"
    await chat.event("compaction/ended")
    turn = ["turn/started", "turn/ended"]
    order = [kind for kind in chat.kinds() if kind in (*turn, "compaction/started")]
    assert order == [*turn, *turn, "compaction/started"]


async def test_latent_L04_a_message_to_a_busy_chat_does_not_touch_its_turn(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    queued = await chat.send("two")
    assert not chat.events("turn/ended")
    await puppet.says("item.open", item="m1", kind="message")
    await puppet.says("item.close", item="m1", text="the first answer")
    await puppet.ends_turn(turn_id)
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert (await puppet.takes_prompt())["turn"] == queued
    assert "prompt" not in [line["type"] for line in puppet.heard[:-1] if line["id"] > 2]


async def test_latent_L04_a_prompt_that_is_swallowed_ends_its_turn(chat: Chat) -> None:
    turn = await chat.turn("@swallow")
    assert (turn["state"], turn["reason"]) == ("ended", "done")
    assert await chat.texts() == []
    assert (await chat.turn("@text on"))["reason"] == "done"


async def test_latent_L05_a_steer_before_a_stop_is_not_in_the_next_prompt(
    home: Home, chat: Chat
) -> None:
    await chat.send("@text one @hold door")
    await home.gates.held("door")
    steer = await chat.send("steer me", when="steer")
    await chat.call("turn/stop")
    listed = await chat.call("queue/list")
    assert [entry["turnId"] for entry in listed["entries"]] == [steer]
    await chat.call("queue/remove", turnId=steer)
    await chat.turn("@echo-history")
    assert "steer me" not in (await chat.texts())[-1]


async def test_latent_L06_a_stop_cancels_a_compaction(home: Home, chat: Chat) -> None:
    await chat.turn("@text remember seven")
    await chat.call("chat/compact", instructions="@hold door")
    await home.gates.held("door")
    assert (await chat.call("turn/stop"))["stopped"] is True
    assert (await chat.get())["status"]["name"] == "idle"
    assert await chat.items("compaction") == []
    await chat.turn("@echo-history")
    assert "remember seven" in (await chat.texts())[-1]


@pytest.mark.parametrize("method", ["chat/configure", "turn/stop", "turn/wait"])
async def test_latent_L18_nobody_waits_for_a_process_that_is_gone(
    puppets: Puppets, chat: Chat, method: str
) -> None:
    puppet, _ = await playing(puppets, chat)
    params = {"model": "fake/large"} if method == "chat/configure" else {}
    posted = await chat.client.post(method, chatId=chat.id, **params)
    if method != "turn/wait":
        await puppet.hears({"chat/configure": "configure", "turn/stop": "abort"}[method])
    await puppet.closes()
    await chat.client.result_of(posted)
    assert (await chat.ended())["reason"] in ("lost", "stopped")


async def test_latent_L24_a_session_that_will_not_open_is_not_replaced_in_silence(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    await puppet.closes()
    await chat.event("sidecar/lost")
    for _ in range(2):
        failing = await chat.send("two")
        following = await puppets.next()
        await following.greets()
        start = await following.hears("start")
        assert start["sessionPath"]
        await following.refuses(start, "HarnessFailed", "The session cannot be opened.")
        turn = await chat.ended(failing)
        assert (turn["reason"], turn["error"]) == ("failed", "The session cannot be opened.")
        await chat.event("sidecar/stopped")
    assert (await chat.get())["status"]["name"] == "failed"


@pytest.mark.parametrize("end", ["@fail It broke.", "@hold door", "@die 3"])
async def test_latent_L25_a_turn_without_an_answer_leaves_the_meter_alone(
    home: Home, chat: Chat, end: str
) -> None:
    await chat.turn("@usage 900 100 @text one")
    before = (await chat.get())["context"]
    await chat.send(f"@text two {end}")
    if end == "@hold door":
        await home.gates.held("door")
        await chat.call("turn/stop")
    assert (await chat.ended())["reason"] in ("failed", "stopped", "lost")
    assert (await chat.get())["context"] == before


async def test_latent_L26_what_one_chat_may_no_other_inherits(new_chat: NewChat) -> None:
    await new_chat(level="full")
    assert (await new_chat()).made["level"] == "standard"
