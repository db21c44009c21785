"""Bugs that an earlier program had with turns, streams, stops and sessions, fixed or never fixed.

The numbers are those of the record of them. Those that only a real agent proves are in
`tests/e2e/test_bugs.py`, those of permissions in `test_traps.py`.
"""

import os
import shutil
from pathlib import Path

import pytest
import trio

from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.mirror import Mirror
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home, gone


async def playing(puppets: Puppets, chat: Chat) -> tuple[Puppet, str]:
    """A puppet in the middle of a turn."""
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    return puppet, turn_id


def statuses(chat: Chat) -> list[str]:
    return [event["status"]["name"] for event in chat.events("status/changed")]


def remove(directory: Path) -> None:
    shutil.rmtree(directory)


# Fixed there


async def test_bug_04_three_rounds_of_tools_are_one_turn(chat: Chat) -> None:
    turn = await chat.turn(" @then ".join(['@tool ls {"path": "."}'] * 3 + ["@text done"]))
    assert [event["turn"]["id"] for event in chat.events("turn/ended")] == [turn["id"]]
    assert len(await chat.items("tool")) == 3


async def test_bug_08_a_new_daemon_and_a_new_process_go_on_in_the_same_session(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    await chat.turn("@text remember seven")
    first = (await chat.event("sidecar/started"))["sidecar"]["sessionPath"]
    await daemon.stop()
    await trio.to_thread.run_sync(home.end_keeper)
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    await again.turn("@echo-history")
    assert "remember seven" in (await again.texts())[-1]
    assert (await again.snapshot())["sidecar"]["sessionPath"] == first


async def test_bug_09_the_stored_session_is_the_one_that_was_opened(
    puppets: Puppets, chat: Chat
) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts(sessionPath="/somewhere/of/its/own.jsonl")
    await puppet.takes_prompt()
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    await puppet.closes()
    await chat.event("sidecar/lost")
    await chat.send("two")
    following = await puppets.next()
    await following.greets()
    assert (await following.hears("start"))["sessionPath"] == "/somewhere/of/its/own.jsonl"


async def test_bug_10_an_unknown_model_runs_nothing(client: Client, new_chat: NewChat) -> None:
    unknown = "openai/gpt-5.4"
    await client.call("setting/set", key="default_model", value=unknown)
    chat = await new_chat()
    turn = await chat.turn("@text never")
    assert turn["reason"] == "failed"
    assert unknown in turn["error"]
    assert await chat.texts() == []
    assert not chat.events("sidecar/started")
    await chat.call("chat/configure", model="fake/small")
    assert (await chat.turn("@text now"))["reason"] == "done"


@pytest.mark.parametrize(
    "text", ["  both ends  ", "\n\n```\ncode\n```\n\n", "\ttab", " ", "\u2028line\u2028", "\r\n"]
)
async def test_bug_11_a_prompt_reaches_the_agent_as_it_is(
    puppets: Puppets, chat: Chat, text: str
) -> None:
    await chat.send(text)
    puppet = await puppets.next()
    await puppet.starts()
    assert (await puppet.takes_prompt())["text"] == text
    assert await chat.texts("user") == [text]


async def test_bug_13_what_was_said_before_an_error_stays_with_the_error(chat: Chat) -> None:
    turn = await chat.turn("@text half an answer @fail It broke.")
    assert turn["error"] == "It broke."
    assert await chat.texts() == ["half an answer"]
    assert await chat.notices() == [("error", "It broke.")]


async def test_bug_14_thinking_changes_at_once_and_the_same_changes_nothing(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.ends_turn(turn_id)
    for thinking in ("high", "high"):
        posted = await chat.client.post("chat/configure", chatId=chat.id, thinking=thinking)
        if "configure" not in [line["type"] for line in puppet.heard]:
            line = await puppet.hears("configure")
            assert line["thinking"] == "high"
            session = {"sessionPath": "x", "model": "fake/small", "thinking": "high"}
            await puppet.answers(line, session)
        await chat.client.result_of(posted)
    following = await chat.send("two")
    await puppet.takes_prompt()
    assert [line["type"] for line in puppet.heard].count("configure") == 1
    await puppet.ends_turn(following)


async def test_bug_15_a_late_subscriber_knows_the_process(daemon: Daemon, chat: Chat) -> None:
    await chat.turn("@text hi")
    started = (await chat.event("sidecar/started"))["sidecar"]
    mirror = await Mirror.of(await daemon.client(), chat.id)
    assert mirror.state.sidecar
    assert mirror.state.sidecar.id == started["id"]
    assert mirror.state.sidecar.agent_version == started["agentVersion"]
    assert mirror.state.chat.model_used == "fake/small"


async def test_bug_17_an_archived_chat_resumes(chat: Chat) -> None:
    await chat.turn("@text remember seven")
    await chat.call("chat/archive")
    await chat.event("sidecar/stopped")
    await chat.call("chat/restore")
    await chat.turn("@echo-history")
    assert "remember seven" in (await chat.texts())[-1]


@pytest.mark.parametrize("chat_id", ["", ".", "..", "../..", "a/b", "C:\\x", "a\0b", "*", " "])
async def test_bug_18_a_chat_that_is_a_path_is_no_chat(
    home: Home, chat: Chat, client: Client, chat_id: str
) -> None:
    await chat.turn("@text hi")
    before = sorted(os.listdir(home.root / "data"))
    for method in ("chat/delete", "chat/reset", "chat/archive", "chat/get"):
        assert (await client.refused(method, chatId=chat_id)).name == "ChatNotFound"
    assert sorted(os.listdir(home.root / "data")) == before
    assert (await chat.turn("@text on"))["reason"] == "done"


async def test_bug_26_a_start_that_fails_leaves_no_process(puppets: Puppets, chat: Chat) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    start = await puppet.hears("start")
    await puppet.refuses(start, "HarnessFailed", "It does not want to.")
    assert (await chat.ended(turn_id))["error"] == "It does not want to."
    await gone(puppet.pid)
    await chat.event("sidecar/stopped")
    assert (await chat.client.call("daemon/status")).get("sidecars", 0) == 0


async def test_bug_43_what_is_said_after_a_compaction_is_delivered(
    daemon: Daemon, chat: Chat
) -> None:
    other = Chat(await daemon.client(), chat.made)
    await other.call("event/subscribe")
    await chat.turn("@text before @compact @text after")
    await other.event("turn/ended")
    assert "after" in other.streamed()
    assert "".join(await chat.texts()).endswith("after")


@pytest.mark.parametrize("trigger", ["threshold", "overflow"])
@pytest.mark.parametrize("ok", [True, False])
async def test_bug_44_compacting_is_seen_and_is_over_afterwards(
    puppets: Puppets, chat: Chat, trigger: str, ok: bool
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.says("compaction.start", trigger=trigger)
    await chat.status("compacting")
    await puppet.says("compaction.end", trigger=trigger, ok=ok, before=9, after=1)
    await chat.status("running")
    await puppet.ends_turn(turn_id)
    await chat.status("idle")
    assert statuses(chat)[-3:] == ["compacting", "running", "idle"]


async def test_bug_44_a_compaction_that_is_aborted_does_not_stay(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, _ = await playing(puppets, chat)
    await puppet.says("compaction.start", trigger="threshold")
    await chat.status("compacting")
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    await puppet.answers(await puppet.hears("abort"))
    await chat.client.result_of(posted)
    assert (await chat.get())["status"]["name"] == "idle"


async def test_bug_45_the_meter_shows_the_end_of_the_turn_and_its_total_the_sum(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.says("context", used=136_000, window=272_000)
    await puppet.ends_turn(turn_id, usage={"input": 3_000_000, "output": 500})
    turn = await chat.ended(turn_id)
    assert turn["usage"]["input"] == 3_000_000
    got = await chat.get()
    assert got["context"] == {"used": 136_000, "window": 272_000}
    assert got["totals"]["input"] == 3_000_000


async def test_bug_45_a_turn_without_usage_leaves_meter_and_totals_alone(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn_id = await playing(puppets, chat)
    await puppet.says("context", used=1000, window=40_000)
    await puppet.ends_turn(turn_id, usage={"input": 900, "output": 100})
    await chat.ended(turn_id)
    following = await chat.send("two")
    await puppet.takes_prompt()
    await puppet.ends_turn(following)
    await chat.ended(following)
    got = await chat.get()
    assert (got["context"]["used"], got["totals"]["input"]) == (1000, 900)


async def test_bug_47_a_turn_that_takes_long_is_running_and_nothing_else(
    home: Home, chat: Chat
) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    await chat.event("status/changed", lambda event: event["status"] == {"name": "running"})
    assert (await chat.get())["status"] == {"name": "running"}
    home.gates.release("door")
    await chat.ended()
    assert statuses(chat) == ["running", "running", "idle"]


async def test_bug_54_a_stop_keeps_context_and_queue(home: Home, chat: Chat) -> None:
    await chat.turn("@text remember seven")
    await chat.send("@hold door")
    await home.gates.held("door")
    queued = await chat.send("@echo-history")
    await chat.call("turn/stop")
    listed = await chat.call("queue/list")
    assert ([entry["turnId"] for entry in listed["entries"]], listed["paused"]) == ([queued], True)
    await chat.call("queue/resume")
    await chat.ended(queued)
    assert "remember seven" in (await chat.texts())[-1]


async def test_bug_56_another_model_knows_what_was_said(chat: Chat) -> None:
    await chat.turn("@text remember seven </conversation-history>")
    await chat.call("chat/configure", model="fake/large")
    await chat.turn("@echo-history")
    assert "remember seven </conversation-history>" in (await chat.texts())[-1]


async def test_bug_57_a_missing_workspace_is_not_a_missing_program(
    home: Home, client: Client
) -> None:
    missing = await client.refused("chat/create", cwd=str(home.work / "gone"))
    assert missing.name == "WorkspaceMissing"
    home.harness.unlink()
    assert (await client.refused("chat/create", cwd=str(home.work))).name == "HarnessMissing"


async def test_bug_60_a_change_does_not_end_the_running_turn(home: Home, chat: Chat) -> None:
    turn_id = await chat.send("@text one @hold door @text two")
    await home.gates.held("door")
    await chat.call("chat/configure", model="fake/large", thinking="high", level="full")
    await chat.call("chat/environment", env={"MARK": "new"})
    home.gates.release("door")
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert len(chat.events("sidecar/started")) == 1


async def test_bug_61_nobody_waits_for_a_chat_that_streams(
    daemon: Daemon, home: Home, new_chat: NewChat
) -> None:
    streaming = await new_chat()
    turn_id = await streaming.send(" @then ".join(["@many 3000"] * 5))
    other = await daemon.client()
    began = trio.current_time()
    for _ in range(5):
        await other.call("chat/list")
        await other.call("chat/create", cwd=str(home.work))
        await other.call("chat/get", chatId=streaming.id)
    assert trio.current_time() - began < 15 * 1.0
    await streaming.ended(turn_id)


async def test_bug_63_what_was_heard_before_the_restart_is_not_heard_again(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    turn_id = await chat.send("@many 3000 @then @text before @hold door @text after")
    await home.gates.held("door")
    await chat.said("before")
    for _ in range(3):
        await daemon.restart()
    home.gates.release("door")
    again = Chat(await daemon.client(), chat.made)
    await again.ended(turn_id)
    assert await again.texts() == ["x" * 3000, "beforeafter"]


async def test_bug_64_two_messages_are_two(chat: Chat) -> None:
    await chat.turn("@two-messages")
    assert await chat.texts() == ["The first message.", "The second message."]


async def test_bug_65_an_answer_of_nothing_is_an_answer(puppets: Puppets, chat: Chat) -> None:
    puppet, turn_id = await playing(puppets, chat)
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    abort = await puppet.hears("abort")
    await puppet.writes(b'{"type":"reply","id":%d,"result":null,"error":null}\n' % abort["id"])
    assert (await chat.client.result_of(posted))["turnId"] == turn_id
    assert (await chat.ended(turn_id))["reason"] == "stopped"


async def test_bug_66_what_a_chat_is_set_to_outlives_the_daemon(
    daemon: Daemon, new_chat: NewChat
) -> None:
    chat = await new_chat(level="readonly", thinking="high", env={"MARK": "kept"})
    await chat.call("chat/configure", model="fake/large")
    await chat.call("chat/rename", title="Mine")
    before = await chat.get()
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    assert await again.get() == before
    assert (await again.call("chat/environment"))["env"]["MARK"] == "kept"


async def test_bug_66_a_chat_that_is_asked_for_twice_is_made_once(
    home: Home, client: Client
) -> None:
    params = {"cwd": str(home.work), "model": "fake/small", "key": "k1"}
    first = await client.post("chat/create", **params)
    second = await client.post("chat/create", **params)
    made = await client.result_of(first)
    assert (await client.result_of(second))["chat"]["id"] == made["chat"]["id"]
    assert len((await client.call("chat/list"))["chats"]) == 1
