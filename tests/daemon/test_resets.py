"""Chats that begin afresh or go away: what stays on disk, what goes, and who else was at it."""

import os
import sqlite3
from pathlib import Path

import trio
from trio.testing import wait_all_tasks_blocked

from tests.daemon.client import PATIENCE, Client
from tests.daemon.conftest import NewChat
from tests.daemon.mirror import Mirror
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk

SECRET = "a text that must not stay"


def sessions(home: Home, chat: Chat) -> list[Path]:
    return sorted((home.root / "data" / "chats" / chat.id).glob("sessions/*/*"))


def rows_with(home: Home, text: str) -> list[str]:
    """The tables that still hold a text."""
    with sqlite3.connect(home.root / "data" / "claudetted.db") as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        found = [
            table
            for (table,) in tables.fetchall()
            for row in connection.execute(f"SELECT * FROM {table}")
            if any(text in _as_text(value) for value in row)
        ]
    connection.close()
    return found


def _as_text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


# chat/reset


async def test_after_a_reset_the_agent_knows_nothing(home: Home, chat: Chat) -> None:
    await chat.turn("@text remember seven")
    (old,) = sessions(home, chat)
    await chat.call("chat/reset")
    assert sessions(home, chat) == []
    await chat.turn("@echo-history")
    assert "remember seven" not in (await chat.texts())[-1]
    assert chat.events("sidecar/started")[-1].get("resumed", False) is False
    (new,) = sessions(home, chat)
    assert new != old


async def test_a_reset_keeps_the_history_and_marks_it(chat: Chat) -> None:
    await chat.turn("@text before")
    await chat.call("chat/reset")
    await chat.turn("@text after")
    kinds = [item.get("notice") or item["kind"] for item in await chat.items()]
    assert kinds == ["user", "message", "reset", "user", "message"]
    assert (await chat.get()).get("context", {}).get("used") is not None


async def test_a_reset_hides_the_history_on_request(chat: Chat) -> None:
    await chat.turn("@text before")
    await chat.call("chat/reset", hide=True)
    await chat.turn("@text after")
    assert await chat.texts() == ["after"]
    shown = (await chat.snapshot())["items"]
    assert "before" not in [item.get("text") for item in shown]
    every = await chat.items("message", hidden=True)
    assert [item["text"] for item in every] == ["before", "after"]


async def test_a_reset_hides_for_all_what_it_stopped(home: Home, chat: Chat) -> None:
    """The notice that a turn was stopped and the reset are one step."""
    home.set_sidecar(start_hold="door")
    mirror = Mirror(await chat.snapshot())
    await chat.send("before")
    await home.gates.held("door")
    await chat.call("chat/reset", hide=True)
    mirror.take(chat.client.told)
    shown = (await chat.snapshot())["items"]
    assert [item["notice"] for item in shown] == ["reset"]
    assert [item["id"] for item in shown] == list(mirror.items)


async def test_a_reset_empties_the_meter(chat: Chat) -> None:
    await chat.turn("@usage 900 100 @text before")
    assert (await chat.get())["context"]["used"] == 1000
    await chat.call("chat/reset")
    context = (await chat.get())["context"]
    assert (context.get("used"), context["window"]) == (None, 40_000)


async def test_a_reset_stops_what_runs(home: Home, chat: Chat) -> None:
    turn_id = await chat.send("@hold door")
    await home.gates.held("door")
    await chat.call("chat/reset")
    assert (await chat.ended(turn_id))["reason"] == "stopped"
    assert (await chat.get())["status"]["name"] == "idle"
    assert (await chat.turn("@text on"))["reason"] == "done"


async def test_a_message_during_a_reset_begins_the_fresh_session(
    puppets: Puppets, daemon: Daemon, chat: Chat
) -> None:
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(first)
    await chat.ended(first)
    other = Chat(await daemon.client(), chat.made)
    posted = await chat.client.post("chat/reset", chatId=chat.id)
    await wait_all_tasks_blocked()  # the daemon has heard of it before it hears of the message
    answer = await other.call("turn/send", text="two")
    await chat.client.result_of(posted)
    following = await puppets.next()
    start = await following.starts()
    assert not start.get("sessionPath")
    assert (await following.takes_prompt())["turn"] == answer["turnId"]
    await following.ends_turn(answer["turnId"])
    assert (await other.ended(answer["turnId"]))["reason"] == "done"


async def test_chat_reset_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/reset", chatId="x")).name == "ChatNotFound"


async def test_chat_reset_StoreFull(chat: Chat) -> None:
    with full_disk():
        assert (await chat.refused("chat/reset")).name == "StoreFull"
    assert not chat.events("chat/reset")


# chat/delete


async def test_a_deleted_chat_leaves_nothing(home: Home, chat: Chat, client: Client) -> None:
    await chat.turn(f"@text {SECRET}")
    path = home.root / "data" / "chats" / chat.id
    assert "item" in rows_with(home, SECRET)
    await chat.call("chat/delete")
    assert not await trio.Path(path).exists()
    assert rows_with(home, SECRET) == []
    with trio.fail_after(PATIENCE):
        while rows_with(home, chat.id):
            await trio.lowlevel.checkpoint()
    assert (await chat.refused("chat/get")).name == "ChatNotFound"
    assert not (await client.call("chat/list")).get("chats")


async def test_the_record_of_decisions_outlives_the_chat(home: Home, chat: Chat) -> None:
    await chat.send('@tool bash {"command": "touch made"}')
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny", reason="not today")
    await chat.ended()
    await chat.call("chat/delete")
    with sqlite3.connect(home.root / "data" / "claudetted.db") as connection:
        row = connection.execute(
            "SELECT tool, digest, outcome FROM permission WHERE id = ?", (asked["id"],)
        ).fetchone()
    connection.close()
    assert row == ("bash", asked["request"]["digest"], "deny")


async def test_the_last_a_subscriber_hears_is_that_the_chat_is_gone(
    daemon: Daemon, chat: Chat
) -> None:
    other = await daemon.client()
    await other.call("event/subscribe", chatId=chat.id)
    await chat.turn("@text hi")
    await chat.call("chat/delete")
    await other.until(lambda: other.events("chat/deleted"))
    told = other.events(chat=chat.id)
    assert [params["seq"] for params in told] == list(
        range(told[0]["seq"], told[0]["seq"] + len(told))
    )


async def test_a_running_chat_is_deleted_with_its_processes(
    new_chat: NewChat, home: Home, client: Client
) -> None:
    chat = await new_chat(level="full")
    await chat.send('@tool bash {"command": "echo started; sleep 1000"}')
    await chat.said("started")
    await chat.call("chat/delete")
    assert (await client.call("daemon/status")).get("sidecars", 0) == 0
    assert not [line for line in home.processes() if "sleep" in line]


async def test_a_hung_chat_is_deleted_all_the_same(puppets: Puppets, chat: Chat) -> None:
    await chat.send("one")
    await puppets.next()
    await chat.call("chat/delete")
    assert (await chat.refused("chat/get")).name == "ChatNotFound"


async def test_a_message_during_a_delete_does_not_bring_the_chat_back(
    puppets: Puppets, daemon: Daemon, home: Home, chat: Chat
) -> None:
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(first)
    await chat.ended(first)
    other = Chat(await daemon.client(), chat.made)
    posted = await chat.client.post("chat/delete", chatId=chat.id)
    sent = await other.client.post("turn/send", chatId=chat.id, text="two")
    await chat.client.result_of(posted)
    await other.client.reply(sent)
    assert (await other.refused("chat/get")).name == "ChatNotFound"
    assert os.listdir(home.root / "data" / "chats") == []
    assert (await other.client.call("daemon/status")).get("sidecars", 0) == 0


async def test_deleting_twice_at_once_is_once(daemon: Daemon, chat: Chat) -> None:
    await chat.turn("@text hi")
    other = await daemon.client()
    one = await chat.client.post("chat/delete", chatId=chat.id)
    two = await other.post("chat/delete", chatId=chat.id)
    replies = [await chat.client.reply(one), await other.reply(two)]
    names = [reply["error"]["data"]["name"] for reply in replies if "error" in reply]
    assert names in ([], ["ChatNotFound"])
    assert len(chat.events("chat/deleted")) == 1


async def test_whoever_waits_for_a_deleted_chat_is_told(daemon: Daemon, chat: Chat) -> None:
    await chat.send("@hang")
    other = await daemon.client()
    waiting = await other.post("turn/wait", chatId=chat.id)
    await chat.status("running")
    await chat.call("chat/delete")
    reply = await other.reply(waiting)
    if "error" in reply:
        assert reply["error"]["data"]["name"] == "ChatNotFound"
    else:
        assert reply["result"]["turn"]["reason"] == "stopped"


async def test_chat_delete_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/delete", chatId="x")).name == "ChatNotFound"


async def test_chat_delete_StoreFull(chat: Chat) -> None:
    with full_disk():
        assert (await chat.refused("chat/delete")).name == "StoreFull"
    assert (await chat.turn("@text still here"))["reason"] == "done"


async def test_chat_erase_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/erase", chatId="x")).name == "ChatNotFound"


async def test_chat_erase_StoreFull(chat: Chat) -> None:
    with full_disk():
        assert (await chat.refused("chat/erase")).name == "StoreFull"
    assert (await chat.turn("@text still here"))["reason"] == "done"
