"""Stopping: in every phase of a chat it ends what runs, soon, and keeps the rest."""

import os
from typing import Any

import pytest
import trio

from claudetted.chat import stopping
from tests.daemon.client import PATIENCE
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk, gone

PROMISED = 2.0
MARGIN = 28.0
"""For a machine that does other things at the same time."""


class Stopwatch:
    def __init__(self) -> None:
        self._began = trio.current_time()

    @property
    def in_time(self) -> bool:
        return trio.current_time() - self._began < PROMISED + MARGIN


async def stop(chat: Chat) -> None:
    """Stops and checks what every stop has in common."""
    running = (await chat.snapshot())["turn"]
    before = (await chat.get()).get("context")
    watch = Stopwatch()
    answer = await chat.call("turn/stop")
    assert watch.in_time
    assert answer == {"stopped": True, "turnId": running["id"]}
    turn = await chat.ended(running["id"])
    assert (turn["state"], turn["reason"]) == ("ended", "stopped")
    assert "error" not in turn
    assert "error" not in [kind for kind, _ in await chat.notices()]
    after = await chat.get()
    assert after.get("context") == before
    assert after["status"]["name"] == "idle"
    snapshot = await chat.snapshot()
    assert not snapshot.get("open")
    assert not snapshot.get("permissions")


def alive(pid: int) -> bool:
    """Zombies are nobody's; they are asked for by group, which they do not keep alive for long."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_model_call_is_stopped(home: Home, chat: Chat) -> None:
    await chat.turn("@usage 100 5 @text before")
    await chat.send("@text half @hold door @text never")
    await home.gates.held("door")
    await stop(chat)
    assert (await chat.items("message"))[-1]["status"] == "stopped"
    assert await chat.texts() == ["before", "half"]


async def test_a_stopped_chat_remembers_and_goes_on_in_the_same_process(
    home: Home, chat: Chat
) -> None:
    await chat.turn("@text remember seven")
    await chat.send("@hold door")
    await home.gates.held("door")
    await stop(chat)
    await chat.turn("@echo-history")
    assert "remember seven" in (await chat.texts())[-1]
    assert len(chat.events("sidecar/started")) == 1
    assert not chat.events("sidecar/stopped")


@pytest.mark.usefixtures("ends_what_hangs")
async def test_a_chat_that_is_just_starting_is_stopped(home: Home, chat: Chat) -> None:
    home.set_sidecar(start_hold="start")
    await chat.send("@text never")
    await home.gates.held("start")
    await stop(chat)
    home.set_sidecar()
    home.gates.release("start")
    assert (await chat.turn("@text now"))["reason"] == "done"
    assert await chat.texts() == ["now"]


async def test_a_start_that_is_stopped_in_time_is_of_use(home: Home, chat: Chat) -> None:
    """The sidecar gets ready meanwhile and answers; nobody has to end it."""
    home.set_sidecar(start_hold="start")
    await chat.send("@hold door")
    await home.gates.held("start")
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    await chat.status("stopping")
    home.gates.release("start")
    assert (await chat.client.result_of(posted))["stopped"] is True
    assert (await chat.ended())["reason"] == "stopped"
    assert (await chat.turn("@text now"))["reason"] == "done"
    assert len(chat.events("sidecar/started")) == 1


async def test_a_compaction_is_stopped(home: Home, chat: Chat) -> None:
    await chat.turn("@text something to compact")
    before = (await chat.get()).get("context")
    await chat.call("chat/compact", instructions="@hold door")
    await home.gates.held("door")
    await chat.status("compacting")
    watch = Stopwatch()
    answer = await chat.call("turn/stop")
    assert watch.in_time
    assert answer["stopped"] is True
    ended = await chat.event("compaction/ended")
    assert ended["ok"] is False
    assert "error" not in [kind for kind, _ in await chat.notices()]
    after = await chat.get()
    assert after["status"]["name"] == "idle"
    assert after.get("context") == before
    assert not await chat.items("compaction")
    await chat.turn("@echo-history")
    assert "something to compact" in (await chat.texts())[-1]


@pytest.mark.usefixtures("ends_what_hangs")
async def test_a_compaction_that_hangs_is_stopped(puppets: Puppets, chat: Chat) -> None:
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(first)
    await chat.ended(first)
    await chat.call("chat/compact")
    await puppet.hears("compact")
    watch = Stopwatch()
    assert (await chat.call("turn/stop"))["stopped"] is True
    assert watch.in_time
    assert (await chat.get())["status"]["name"] == "idle"


async def test_a_compaction_that_waits_for_the_turn_goes_with_it(home: Home, chat: Chat) -> None:
    await chat.turn("@text something to compact")
    await chat.send("@hold door")
    await home.gates.held("door")
    await chat.call("chat/compact")
    await stop(chat)
    await chat.turn("@text next")
    assert not chat.events("compaction/started")


async def test_a_chat_that_waits_for_a_permission_is_stopped(chat: Chat) -> None:
    await chat.send('@tool bash {"command": "touch made"} @then @text never')
    (asked,) = await chat.asked()
    await stop(chat)
    resolved = await chat.event("permission/resolved")
    assert resolved["permissionId"] == asked["id"]
    assert resolved["resolution"]["outcome"] == "withdrawn"
    (call,) = await chat.items("tool")
    assert call["status"] == "stopped"
    refused = await chat.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow"
    )
    assert refused.name == "PermissionGone"
    assert refused.data["decision"] == "withdrawn"


async def test_a_stopped_call_never_runs(home: Home, chat: Chat) -> None:
    await chat.send('@tool bash {"command": "touch made"}')
    await chat.asked()
    await stop(chat)
    await chat.turn("@text after")
    assert not await trio.Path(home.work / "made").exists()


async def test_a_running_command_ends_with_all_its_processes(new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    await chat.send('@tool bash {"command": "sleep 1000 & echo $$ $! started; sleep 1001 | cat"}')
    await chat.said("started")
    shell, child = (int(word) for word in chat.streamed().split()[:2])
    assert alive(shell)
    await stop(chat)
    for pid in (shell, child):
        await gone(pid)
    (call,) = await chat.items("tool")
    assert call["status"] == "stopped"
    assert "started" in call["text"]


@pytest.mark.usefixtures("ends_what_hangs")
async def test_a_sidecar_that_hangs_is_ended(puppets: Puppets, chat: Chat) -> None:
    await chat.send("one")
    puppet = await puppets.next()
    start = await puppet.starts()
    await puppet.takes_prompt()
    await puppet.says("item.open", item="m1", kind="message")
    await puppet.says("item.delta", item="m1", text="half an answer")
    await chat.said("half an answer")
    await stop(chat)
    (stopped,) = chat.events("sidecar/stopped")
    assert "signal" in stopped["why"]
    assert not chat.events("sidecar/lost")
    assert await chat.texts() == ["half an answer"]
    await gone(puppet.pid)
    await chat.send("two")
    following = await puppets.next()
    assert (await following.starts())["sessionPath"].startswith(start["sessionDir"])
    assert "was stopped" in (await following.takes_prompt())["note"]


@pytest.mark.usefixtures("ends_what_hangs")
async def test_with_a_hanging_sidecar_its_commands_end(home: Home, new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    command = "sleep 1000 >/dev/null 2>&1 & echo $! started"
    await chat.send(f'@tool bash {{"command": "{command}"}} @then @hang deaf')
    closed = await chat.event("item/closed")
    child = int(closed["item"]["text"].split()[0])
    await home.gates.held("deaf")
    assert alive(child)
    await stop(chat)
    await gone(child)


async def test_a_stop_keeps_the_queue_and_pauses_it(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    queued = [await chat.send(f"@text {word}") for word in ("two", "three")]
    assert (await chat.call("turn/stop"))["stopped"] is True
    listed = await chat.call("queue/list")
    assert listed["paused"] is True
    assert [entry["turnId"] for entry in listed["entries"]] == queued
    await chat.call("queue/resume")
    await chat.ended(queued[-1])
    assert await chat.texts() == ["two", "three"]


async def test_messages_after_the_stop_go_once_it_has_stopped(puppets: Puppets, chat: Chat) -> None:
    """Who stops and then says something else is not to be kept waiting in a paused queue."""
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    before = await chat.send("queued before")
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    abort = await puppet.hears("abort")
    after = [await chat.send(text) for text in ("first", "then")]
    await puppet.ends_turn(first, "stopped")
    await puppet.answers(abort)
    await chat.client.result_of(posted)
    for turn_id in (*after, before):
        assert (await puppet.takes_prompt())["turn"] == turn_id
        await puppet.ends_turn(turn_id)
    await chat.ended(before)
    assert not (await chat.call("queue/list")).get("paused")


async def test_steers_that_were_not_taken_return_to_the_head_of_the_queue(
    puppets: Puppets, chat: Chat
) -> None:
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    queued = await chat.send("queued")
    steers = [await chat.send(text, when="steer") for text in ("left", "right")]
    for _ in steers:
        await puppet.answers(await puppet.hears("steer"))
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    abort = await puppet.hears("abort")
    await puppet.ends_turn(first, "stopped")
    await puppet.answers(abort)
    await chat.client.result_of(posted)
    listed = await chat.call("queue/list")
    assert listed["paused"] is True
    assert [entry["turnId"] for entry in listed["entries"]] == [*steers, queued]
    assert [entry["text"] for entry in listed["entries"]] == ["left", "right", "queued"]


async def test_the_abort_comes_before_the_refusal_of_what_waits(
    puppets: Puppets, chat: Chat
) -> None:
    """Else the model would act on the refusal."""
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.says("item.open", item="t1", kind="tool", tool={"name": "bash"})
    request = {"tool": "bash", "access": "run", "digest": "d", "command": "make all"}
    await puppet.says("ask", ask="a1", item="t1", request=request)
    await chat.asked()
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    abort = await puppet.hears("abort")
    assert "decide" not in [line["type"] for line in puppet.heard]
    await puppet.ends_turn(first, "stopped")
    await puppet.answers(abort)
    await chat.client.result_of(posted)


async def test_what_asks_after_the_stop_is_not_shown(puppets: Puppets, chat: Chat) -> None:
    """A call that began just before must not park a request that nobody answers."""
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    posted = await chat.client.post("turn/stop", chatId=chat.id)
    abort = await puppet.hears("abort")
    await puppet.says("item.open", item="t1", kind="tool", tool={"name": "bash"})
    request = {"tool": "bash", "access": "run", "digest": "d", "command": "make all"}
    await puppet.says("ask", ask="a1", item="t1", request=request)
    await puppet.ends_turn(first, "stopped")
    await puppet.answers(abort)
    await chat.client.result_of(posted)
    assert not (await chat.snapshot()).get("permissions")
    assert (await chat.ended(first))["reason"] == "stopped"


async def test_two_stops_at_once_are_one(daemon: Daemon, home: Home, chat: Chat) -> None:
    turn_id = await chat.send("@hold door")
    await home.gates.held("door")
    other = Chat(await daemon.client(), chat.made)
    posted = [(one, await one.client.post("turn/stop", chatId=chat.id)) for one in (chat, other)]
    answers = [await one.client.result_of(number) for one, number in posted]
    assert all(answer["stopped"] for answer in answers[:1])
    assert (await chat.ended(turn_id))["reason"] == "stopped"
    assert len(chat.events("turn/ended")) == 1


async def test_stopping_what_does_not_run_does_nothing(chat: Chat) -> None:
    assert await chat.call("turn/stop") == {"stopped": False}
    await chat.turn("@text hi")
    before = chat.kinds()
    assert await chat.call("turn/stop") == {"stopped": False}
    assert chat.kinds() == before


@pytest.mark.usefixtures("ends_what_hangs")
async def test_a_stop_goes_on_when_its_client_leaves(
    daemon: Daemon, puppets: Puppets, chat: Chat
) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    leaving = await daemon.client()
    await leaving.post("turn/stop", chatId=chat.id)
    await chat.status("stopping")
    await leaving.close()
    assert (await chat.ended(turn_id))["reason"] == "stopped"


@pytest.mark.usefixtures("ends_what_hangs")
async def test_a_stop_is_as_patient_with_the_second_turn_as_with_the_first(
    puppets: Puppets, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of patience with one turn must not come upon the next one."""
    inner, forgotten = stopping.insist, trio.Event()

    async def insist(*about: Any) -> None:
        await inner(*about)
        forgotten.set()

    monkeypatch.setattr(stopping, "insist", insist)
    puppet = None
    for text in ("one", "two"):
        turn_id = await chat.send(text)
        if puppet is None:
            puppet = await puppets.next()
            await puppet.starts()
        await puppet.takes_prompt()
        posted = await chat.client.post("turn/stop", chatId=chat.id)
        abort = await puppet.hears("abort")
        if text == "two":
            await forgotten.wait()
        await puppet.ends_turn(turn_id, "stopped")
        await puppet.answers(abort)
        await chat.client.result_of(posted)
        monkeypatch.setattr(stopping, "STOP_SECONDS", PATIENCE)
    assert not chat.events("sidecar/stopped") + chat.events("sidecar/lost")


async def test_a_full_disk_does_not_keep_a_stop_from_acting(home: Home, chat: Chat) -> None:
    turn_id = await chat.send("@hold door @text never")
    await home.gates.held("door")
    with full_disk():
        watch = Stopwatch()
        answer = await chat.call("turn/stop")
        assert watch.in_time
        assert answer["stopped"] is True
    assert (await chat.ended(turn_id))["reason"] == "stopped"


async def test_turn_stop_ChatNotFound(chat: Chat) -> None:
    assert (await chat.client.refused("turn/stop", chatId="nothing")).name == "ChatNotFound"
