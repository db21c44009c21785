"""Turns that are waited for."""

from typing import Any

import pytest
import trio

from claudetted.rpc.methods import turns
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, held_commits


async def test_waiting_for_a_turn_that_has_ended_returns_at_once(chat: Chat) -> None:
    turn = await chat.turn("@fail It broke.")
    again = await chat.ended(turn["id"])
    assert again == turn
    assert (again["reason"], again["error"]) == ("failed", "It broke.")


async def test_without_an_id_the_last_turn_is_waited_for(home: Home, chat: Chat) -> None:
    await chat.turn("@text one")
    await chat.send("@hold door")
    await home.gates.held("door")
    last = await chat.send("@text three")
    waiting = await chat.client.post("turn/wait", chatId=chat.id)
    home.gates.release("door")
    assert (await chat.client.result_of(waiting))["turn"]["id"] == last


async def test_without_an_id_the_turn_is_waited_for_that_a_message_was_taken_into(
    home: Home, chat: Chat
) -> None:
    first = await chat.send("@hold one")
    await home.gates.held("one")
    await chat.send("@hold two @text heard", when="steer")
    # Answered by the agent, which has the message then.
    await chat.call("chat/configure", thinking="low")
    home.gates.release("one")
    await home.gates.held("two")
    await chat.event("turn/steered")
    waiting = await chat.client.post("turn/wait", chatId=chat.id)
    home.gates.release("two")
    assert (await chat.client.result_of(waiting))["turn"]["id"] == first
    assert await chat.texts() == ["heard"]


async def test_an_end_that_comes_at_the_same_time_is_not_missed(
    puppets: Puppets, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the look at the disk, before the look at the chat."""
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    stored = turns._stored

    async def read_then_end(*asked: Any) -> Any:
        found = await stored(*asked)
        if found.state == "running":
            await puppet.ends_turn(turn_id)
            await chat.event("turn/ended")
        return found

    monkeypatch.setattr(turns, "_stored", read_then_end)
    turn = await chat.ended(turn_id)
    assert (turn["state"], turn["reason"]) == ("ended", "done")


async def test_an_end_that_is_only_on_disk_is_told_before_it_is_answered(
    puppets: Puppets, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, looked = turns._stored, trio.Event()

    async def look(*asked: Any) -> Any:
        found = await stored(*asked)
        looked.set()
        return found

    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await chat.event("status/changed", lambda event: event["status"] == {"name": "running"})
    monkeypatch.setattr(turns, "_stored", look)
    with held_commits() as held:
        await puppet.ends_turn(turn_id)
        await held.came()
        waiting = await chat.client.post("turn/wait", chatId=chat.id, turnId=turn_id)
        await looked.wait()
        await chat.get()
        assert not chat.client.answered(waiting)
    assert (await chat.client.result_of(waiting))["turn"]["reason"] == "done"
    assert len(chat.events("turn/ended")) == 1


async def test_a_turn_that_is_only_on_disk_is_waited_for(daemon: Daemon, chat: Chat) -> None:
    await chat.turn("@text one")
    with held_commits() as held:
        sent = await chat.client.post("turn/send", chatId=chat.id, text="@text two")
        await held.came()
        other = await daemon.client()
        waiting = await other.post("turn/wait", chatId=chat.id)
        await other.call("daemon/status")
    turn_id = (await chat.client.result_of(sent))["turnId"]
    turn = (await other.result_of(waiting))["turn"]
    assert (turn["id"], turn["state"]) == (turn_id, "ended")


async def test_waiting_ends_when_a_person_is_asked(chat: Chat) -> None:
    await chat.send('@tool bash {"command": "touch made"} @then @text done')
    result = await chat.call("turn/wait", orAsked=True)
    assert result["asked"] == 1
    assert result["turn"]["state"] == "running"
    (asked,) = (await chat.call("permission/list"))["permissions"]
    await chat.decide(asked, "allow")
    result = await chat.call("turn/wait", orAsked=True)
    assert result["turn"]["reason"] == "done"


async def test_waiting_ends_when_the_message_is_removed(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    queued = await chat.send("@text never")
    waiting = await chat.client.post("turn/wait", chatId=chat.id, turnId=queued)
    await chat.call("queue/remove", turnId=queued)
    assert (await chat.client.result_of(waiting))["turn"]["state"] == "removed"
    assert (await chat.ended(queued))["state"] == "removed"
    home.gates.release("door")
    await chat.ended()


async def test_a_request_is_answered_while_another_waits(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    waiting = await chat.client.post("turn/wait", chatId=chat.id)
    assert (await chat.get())["status"]["name"] == "running"
    assert not chat.client.answered(waiting)
    home.gates.release("door")
    await chat.client.result_of(waiting)


async def test_turn_wait_ChatNotFound(chat: Chat) -> None:
    assert (await chat.client.refused("turn/wait", chatId="nothing")).name == "ChatNotFound"


async def test_turn_wait_TurnNotFound(chat: Chat) -> None:
    assert (await chat.refused("turn/wait")).name == "TurnNotFound"
    refused = await chat.refused("turn/wait", turnId="nothing")
    assert refused.name == "TurnNotFound"
    assert refused.data["turnId"] == "nothing"


async def test_a_turn_of_another_chat_is_not_found(new_chat: NewChat) -> None:
    one, other = await new_chat(), await new_chat()
    turn = await one.turn("@text hi")
    assert (await other.refused("turn/wait", turnId=turn["id"])).name == "TurnNotFound"


async def test_who_asks_while_the_chat_is_being_removed_is_told_that_there_is_none(
    daemon: Daemon, chat: Chat
) -> None:
    turn = await chat.turn("@text one")
    (message,) = await chat.items("message")
    await chat.client.call("daemon/shutdown", agents=True)
    await daemon.ended()
    await daemon.start()
    remover, latest, *others = [await daemon.client() for _ in range(5)]
    asked = [("turn/wait", {}), ("turn/wait", {"turnId": turn["id"]})]
    asked.append(("item/get", {"itemId": message["id"], "field": "text"}))
    with held_commits() as held:
        await remover.post("chat/delete", chatId=chat.id)
        await held.came()
        posted = [
            await other.post(method, chatId=chat.id, **params)
            for other, (method, params) in zip(others, asked, strict=True)
        ]
        # Reads from the disk as well, and later.
        await latest.call("rule/list")
    replies = [await other.reply(one) for other, one in zip(others, posted, strict=True)]
    assert [reply["error"]["data"]["name"] for reply in replies] == ["ChatNotFound"] * 3
