"""A disk that is full for a while: nothing is told that is not stored, and nothing is lost."""

import pytest
import trio

from claudetted.chat import actor
from claudetted.chat.process import unrecorded_denials
from tests.daemon.calls import asked_once, bash, recorded
from tests.daemon.client import Json
from tests.daemon.conftest import NewChat
from tests.daemon.mirror import Mirror
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk, gone


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused disk is tried again soon."""
    monkeypatch.setattr(actor, "REFUSED_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(unrecorded_denials, "AGAIN_SECONDS", 0.05)


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


async def test_a_deny_acts_at_once_and_is_told_when_it_is_stored(
    daemon: Daemon, puppets: Puppets, chat: Chat
) -> None:
    puppet, asked = await asking_puppet(puppets, chat)
    other = await daemon.client()
    with full_disk():
        answer = await chat.decide(asked, "deny", reason="no, never")
        assert answer["recorded"] is False
        assert answer["resolution"]["outcome"] == "deny"
        told = await puppet.hears("decide")
        assert (told["allow"], told["reason"]) == (False, "no, never")
        refused = await other.refused(
            "permission/decide", permissionId=asked["id"], decision="allow"
        )
        assert refused.name == "PermissionGone"
        assert refused.data["decision"] == "deny"
        await refused_once(chat)
        assert not chat.events("permission/resolved")
        assert (await chat.snapshot())["permissions"]
    resolved = await chat.event("permission/resolved")
    assert resolved["resolution"]["reason"] == "no, never"
    (one,) = await recorded(chat.client)
    assert (one["outcome"], one["by"]) == ("deny", answer["resolution"]["by"])


async def test_what_the_agent_says_to_a_deny_comes_after_it(puppets: Puppets, chat: Chat) -> None:
    puppet, asked = await asking_puppet(puppets, chat)
    with full_disk():
        await chat.decide(asked, "deny")
        await puppet.hears("decide")
        await puppet.says("item.close", item="t1", status="failed")
        await puppet.says("item.open", item="m1", kind="message")
        await puppet.says("item.close", item="m1", text="Then not.")
        await refused_once(chat)
    await chat.event("item/closed", lambda event: event["item"]["kind"] == "message")
    told = chat.kinds()
    assert told.index("permission/resolved") < told.index("item/closed")
    assert chat.events("permission/resolved")[0]["resolution"]["outcome"] == "deny"


async def test_a_deny_for_longer_leaves_its_rule_when_it_is_stored(
    new_chat: NewChat, home: Home
) -> None:
    one, other = await new_chat(), await new_chat()
    command = bash("touch made")
    turn, asked = await asked_once(one, command)
    _, elsewhere = await asked_once(other, command)
    with full_disk():
        assert (await one.decide(asked, "deny", scope="user"))["recorded"] is False
        assert not (await one.client.call("rule/list", chatId=one.id)).get("stored")
    assert (await one.ended(turn))["reason"] == "done"
    resolved = await other.event("permission/resolved")
    assert resolved["permissionId"] == elsewhere["id"]
    assert resolved["resolution"]["outcome"] == "deny"
    assert not await trio.Path(home.work / "made").exists()


async def test_a_stop_that_is_stored_first_leaves_a_deny_what_it_is(
    puppets: Puppets, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrecorded_denials, "AGAIN_SECONDS", 3600)
    puppet, asked = await asking_puppet(puppets, chat)
    with full_disk():
        await chat.decide(asked, "deny", reason="not this")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(chat.call, "turn/stop")
        resolved = await chat.event("permission/resolved")
        assert resolved["resolution"]["outcome"] == "deny"
        assert resolved["resolution"]["reason"] == "not this"
        await puppet.answers(await puppet.hears("abort"))


async def test_a_daemon_that_ends_after_a_deny_asks_again_until_the_agent_has_spoken(
    daemon: Daemon, puppets: Puppets, chat: Chat
) -> None:
    puppet, asked = await asking_puppet(puppets, chat)
    with full_disk():
        assert (await chat.decide(asked, "deny"))["recorded"] is False
        await puppet.hears("decide")
        await daemon.stop()
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    snapshot = await again.snapshot()
    assert [one["id"] for one in snapshot["permissions"]] == [asked["id"]]
    await puppet.says("item.close", item="t1", status="failed")
    resolved = await again.event("permission/resolved")
    assert resolved["resolution"]["outcome"] == "withdrawn"
    late = await again.client.refused(
        "permission/decide", permissionId=asked["id"], decision="allow"
    )
    assert late.name == "PermissionGone"
    assert [line["type"] for line in puppet.heard].count("decide") == 1


async def asking_puppet(puppets: Puppets, chat: Chat) -> tuple[Puppet, Json]:
    """An agent whose turn runs and whose call waits."""
    await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    request = {"tool": "bash", "access": "run", "digest": "d1", "command": "touch made"}
    await puppet.says("item.open", item="t1", kind="tool", tool={"name": "bash"})
    await puppet.says("ask", ask="a1", item="t1", request=request)
    (asked,) = await chat.asked()
    return puppet, asked


async def test_a_shutdown_with_the_agents_needs_no_disk(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    turn = await chat.send("@text half @hold door")
    await home.gates.held("door")
    pid = (await chat.event("sidecar/started"))["sidecar"]["pid"]
    with full_disk():
        await chat.client.call("daemon/shutdown", agents=True)
        await daemon.ended()
        await gone(pid)
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(turn))["reason"] == "lost"
    assert (await again.turn("@text on"))["reason"] == "done"
