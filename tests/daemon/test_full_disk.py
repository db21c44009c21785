"""A disk that is full for a while: nothing is told that is not stored, and nothing is lost."""

import pytest
import trio

from claudetted.chat import actor
from tests.daemon.calls import bash
from tests.daemon.conftest import NewChat
from tests.daemon.mirror import Mirror
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused disk is tried again soon."""
    monkeypatch.setattr(actor, "REFUSED_PAUSE_SECONDS", 0.05)


async def refused_once(chat: Chat) -> None:
    """Returns when the daemon knows that the disk is full."""
    refused = await chat.refused("chat/rename", title="not now")
    assert refused.name == "StoreFull"


async def test_an_answer_that_comes_meanwhile_is_told_when_it_is_stored(
    puppets: Puppets, daemon: Daemon, chat: Chat
) -> None:
    other = await daemon.client()
    mirror = await Mirror.of(other, chat.id)
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await chat.event("sidecar/started")
    with full_disk():
        await puppet.says("item.open", item="m1", kind="message")
        for word in ("a ", "word ", "at ", "a ", "time"):
            await puppet.says("item.delta", item="m1", text=word)
        await puppet.says("item.close", item="m1")
        await puppet.ends_turn(turn_id)
        await refused_once(chat)
        assert (await chat.get())["status"]["name"] == "running"
        assert not chat.events("item/opened")
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert await chat.texts() == ["a word at a time"]
    fresh = Mirror(await chat.snapshot())
    await other.until(lambda: other.events()[-1]["seq"] >= fresh.state.seq)
    mirror.take(other.told)
    assert mirror.picture() == fresh.picture()


async def test_a_flood_meanwhile_is_held_back_and_taken_whole(home: Home, chat: Chat) -> None:
    turn_id = await chat.send("@hold door @flood 12000")
    await home.gates.held("door")
    with full_disk():
        home.gates.release("door")
        await refused_once(chat)
        assert (await chat.client.call("daemon/status"))["sidecars"] == 1
    assert (await chat.ended(turn_id))["reason"] == "done"
    (item,) = await chat.items("message")
    assert item["textBytes"] == 12_000 * 1024


async def test_a_request_that_comes_meanwhile_is_asked_when_it_is_stored(
    home: Home, chat: Chat
) -> None:
    await chat.send(f"@hold door {bash('touch made')}")
    await home.gates.held("door")
    with full_disk():
        home.gates.release("door")
        await refused_once(chat)
        assert not (await chat.call("permission/list")).get("permissions")
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    assert (await chat.ended())["reason"] == "done"
    assert await trio.Path(home.work / "made").exists()


async def test_the_end_of_a_sidecar_meanwhile_is_told_when_it_is_stored(
    home: Home, chat: Chat
) -> None:
    turn_id = await chat.send("@hold door @text last words @die 3")
    await home.gates.held("door")
    with full_disk():
        home.gates.release("door")
        await refused_once(chat)
        assert not chat.events("sidecar/lost")
    assert (await chat.ended(turn_id))["reason"] == "lost"
    assert await chat.texts() == ["last words"]


async def test_the_other_chats_read_on(new_chat: NewChat) -> None:
    one, other = await new_chat(), await new_chat()
    await one.turn("@text hi")
    with full_disk():
        assert (await other.refused("turn/send", text="@text no")).name == "StoreFull"
        assert await one.texts() == ["hi"]
        assert len((await one.client.call("chat/list"))["chats"]) == 2
        assert (await one.snapshot())["chat"]["id"] == one.id
    assert (await other.turn("@text yes"))["reason"] == "done"


async def test_a_daemon_that_ends_meanwhile_has_lost_nothing(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    turn_id = await chat.send("@text one @hold door @text two")
    await home.gates.held("door")
    with full_disk():
        home.gates.release("door")
        await refused_once(chat)
        await daemon.stop()
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(turn_id))["reason"] == "done"
    assert await again.texts() == ["onetwo"]
