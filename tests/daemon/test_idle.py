"""Chats nobody uses: they are put down to rows, and are as they were when somebody comes."""

import pytest
import trio

from claudetted.chat import manager
from tests.daemon.client import PATIENCE
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, held_commits


@pytest.fixture(autouse=True)
def idle_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "IDLE_SECONDS", 0.05)


@pytest.fixture
async def other(new_chat: NewChat) -> Chat:
    return await new_chat()


async def loaded(daemon: Daemon, count: int) -> None:
    """Returns when only so many chats are loaded."""
    client = await daemon.client()
    with trio.fail_after(PATIENCE):
        while (await client.call("daemon/status")).get("loadedChats", 0) > count:
            await trio.lowlevel.checkpoint()


async def left(daemon: Daemon, chat: Chat) -> Chat:
    """Without a process and without anybody who follows it; as a new client sees it."""
    await chat.call("chat/archive")
    await chat.call("chat/restore")
    await chat.call("event/unsubscribe")
    await loaded(daemon, 0)
    return Chat(await daemon.client(), chat.made)


async def test_a_chat_that_was_put_down_is_as_it_was(daemon: Daemon, chat: Chat) -> None:
    await chat.turn("@text remember seven")
    before = await chat.get()
    again = await left(daemon, chat)
    assert {**await again.get(), "updatedAt": ""} == {**before, "updatedAt": ""}
    assert await again.texts() == ["remember seven"]
    await again.turn("@echo-history")
    assert "remember seven" in (await again.texts())[-1]


async def test_a_paused_queue_is_kept(daemon: Daemon, home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    long = "@text " + "é" * 5000
    queued = await chat.send(long)
    await chat.call("turn/stop")
    again = await left(daemon, chat)
    (entry,) = (await again.call("queue/list"))["entries"]
    assert (entry["turnId"], entry["text"]) == (queued, long)
    await again.call("queue/resume")
    assert (await again.ended(queued))["reason"] == "done"


async def test_whoever_waits_is_not_forgotten(
    daemon: Daemon, home: Home, chat: Chat, new_chat: NewChat
) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    queued = await chat.send("@text later")
    await chat.call("turn/stop")
    waiting = await (other := await daemon.client()).post(
        "turn/wait", chatId=chat.id, turnId=queued
    )
    await chat.call("chat/archive")
    await chat.call("chat/restore")
    await chat.call("event/unsubscribe")
    await (await new_chat()).call("event/unsubscribe")
    await loaded(daemon, 1)
    await chat.call("queue/resume")
    assert (await other.result_of(waiting))["turn"]["reason"] == "done"


async def test_a_chat_that_is_followed_or_runs_stays(daemon: Daemon, new_chat: NewChat) -> None:
    _followed, running, idle = [await new_chat() for _ in range(3)]
    await running.turn("@text hi")
    await running.call("event/unsubscribe")
    await idle.call("event/unsubscribe")
    await loaded(daemon, 2)
    await (await new_chat()).call("event/unsubscribe")
    await loaded(daemon, 2)
    assert (await running.client.call("daemon/status"))["loadedChats"] == 2


async def test_a_chat_whose_message_is_on_its_way_to_the_disk_stays(
    daemon: Daemon, new_chat: NewChat
) -> None:
    chat, other = await new_chat(), await new_chat()
    for one in (chat, other):
        await one.call("event/unsubscribe")
    with held_commits() as held:
        sent = await chat.client.post("turn/send", chatId=chat.id, text="@text hi")
        await held.came()
        await (await daemon.client()).call("chat/configure", chatId=other.id)
        await loaded(daemon, 1)
        status = await (await daemon.client()).call("daemon/status")
        assert status["loadedChats"] == 1
    turn_id = (await chat.client.result_of(sent))["turnId"]
    assert (await chat.ended(turn_id))["reason"] == "done"


async def test_a_chat_stays_while_it_is_found_out_what_is_asked_of_it(
    daemon: Daemon, chat: Chat, other: Chat, puppets: Puppets
) -> None:
    await chat.call("event/unsubscribe")
    sender = await daemon.client()
    sent = await sender.post("turn/send", chatId=chat.id, text="/skill:rig")
    control = await puppets.next()
    await control.greets()
    asked = await control.hears("commands")
    await other.call("event/unsubscribe")
    await loaded(daemon, 1)
    await control.answers(asked, {"commands": [{"name": "skill:rig", "about": "Rigs."}]})
    assert (await sender.result_of(sent))["turnId"]


async def test_a_message_in_the_moment_of_putting_down_is_answered(
    daemon: Daemon, chat: Chat
) -> None:
    await chat.call("event/unsubscribe")
    client = await daemon.client()
    for n in range(30):
        await trio.sleep(0.045 + n * 0.0005)
        renamed = await client.call("chat/rename", chatId=chat.id, title=f"title {n}")
        assert renamed["chat"]["title"] == f"title {n}"
