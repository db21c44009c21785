"""Sidecars that misbehave: they die, hang, write garbage, half a line, too much, or too slowly."""

import json
import os
import signal
from typing import Any

import pytest
import trio

from tests.daemon.client import PATIENCE, Json
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home, gone

MEGABYTE = 1024 * 1024


@pytest.fixture
async def puppet(puppets: Puppets, chat: Chat) -> Puppet:
    """In the middle of the chat's first turn."""
    await chat.send("one")
    running = await puppets.next()
    await running.starts()
    await running.takes_prompt()
    return running


async def ends_well(puppet: Puppet, chat: Chat) -> None:
    """The turn goes on as if nothing had been, and so does the next one."""
    turn_id = (await chat.event("turn/started"))["turn"]["id"]
    await puppet.says("item.open", item="last", kind="message")
    await puppet.says("item.close", item="last", text="all is well")
    await puppet.ends_turn(turn_id)
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert (await chat.texts())[-1] == "all is well"
    following = await chat.send("two")
    await puppet.takes_prompt()
    await puppet.ends_turn(following)
    assert (await chat.ended(following))["reason"] == "done"


# Dies


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
async def test_one_that_is_killed_is_lost_and_comes_back(
    puppets: Puppets, puppet: Puppet, chat: Chat, number: int
) -> None:
    await puppet.says("item.open", item="m1", kind="message")
    await puppet.says("item.delta", item="m1", text="half")
    await chat.said("half")
    os.kill(puppet.pid, number)
    turn = await chat.ended()
    assert turn["reason"] == "lost"
    assert f"signal {int(number)}" in turn["error"]
    assert await chat.texts() == ["half"]
    await chat.send("two")
    following = await puppets.next()
    assert (await following.starts())["sessionPath"]
    prompt = await following.takes_prompt()
    assert "was cut off" in prompt["note"]
    await following.ends_turn(prompt["turn"])
    assert (await chat.ended(prompt["turn"]))["reason"] == "done"


async def test_one_that_dies_while_idle_is_told_and_replaced(chat: Chat, home: Home) -> None:
    await chat.turn("@text remember seven")
    os.kill(await sidecar_pid(chat), signal.SIGKILL)
    await chat.event("sidecar/lost")
    await chat.status("failed")
    turn = await chat.turn("@echo-history")
    assert turn["reason"] == "done"
    assert "remember seven" in (await chat.texts())[-1]
    assert (await chat.get())["status"]["name"] == "idle"


async def sidecar_pid(chat: Chat) -> int:
    return int((await chat.event("sidecar/started"))["sidecar"]["pid"])


async def test_what_one_wrote_before_its_end_is_heard(puppet: Puppet, chat: Chat) -> None:
    turn_id = (await chat.event("turn/started"))["turn"]["id"]
    lines = [
        {"type": "item.open", "item": "m1", "kind": "message"},
        {"type": "item.close", "item": "m1", "text": "last words"},
        {"type": "turn.end", "turn": turn_id, "reason": "done"},
    ]
    await puppet.writes("".join(json.dumps(line) + "\n" for line in lines).encode())
    await puppet.closes()
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert await chat.texts() == ["last words"]
    await chat.event("sidecar/lost")


# Hangs


async def test_one_that_hangs_keeps_nobody_else_waiting(
    puppet: Puppet, home: Home, new_chat: NewChat
) -> None:
    home.set_sidecar()
    other = await new_chat()
    with trio.fail_after(PATIENCE):
        assert (await other.turn("@text hi"))["reason"] == "done"


async def test_one_that_hangs_is_deaf_to_a_shutdown_and_is_ended(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    await chat.send("@hang deaf")
    await home.gates.held("deaf")
    await chat.client.call("daemon/shutdown", agents=True)
    await daemon.ended()
    await trio.to_thread.run_sync(home.end_keeper)
    assert home.processes() == []
    await daemon.start()


# Garbage


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n\n",
        b"hello\n",
        b"\xff\xfe\x00\n",
        b"[]\n",
        b"null\n",
        b'{"type":"a.line.of.the.future","x":1}\n',
        b'{"type":"item.open"}\n',
        b'{"type":"item.delta","item":"nowhere","text":"x"}\n',
        b'{"type":"item.close","item":"nowhere"}\n',
        b'{"type":"item.change","item":"nowhere","tool":{"name":"x"}}\n',
        b'{"type":"item.delta","item":"\\ud800","text":"x"}\n',
        b'{"type":"reply","id":999}\n',
        b'{"type":"turn.end","turn":"nonesuch","reason":"done"}\n',
        b'{"type":"turn.end","turn":5,"reason":"done"}\n',
        b'{"type":"steer.taken","turn":"nonesuch"}\n',
        b'{"type":"ask.withdrawn","ask":"nonesuch"}\n',
        b'{"type":"group.end","pgid":1}\n',
        b'{"type":"part","text":"no line at all","last":true}\n',
        b'{"type":"compaction.end","trigger":"threshold","ok":false}\n',
    ],
)
async def test_a_line_that_makes_no_sense_changes_nothing(
    puppet: Puppet, chat: Chat, garbage: bytes
) -> None:
    await puppet.writes(garbage)
    await ends_well(puppet, chat)


OPENS: Json = {"type": "item.open", "item": "m1", "kind": "message"}
CLOSES: Json = {"type": "item.close", "item": "m1", "text": "said once"}
ASKS: Json = {
    "type": "ask",
    "ask": "a1",
    "item": "m1",
    "request": {"tool": "bash", "access": "run", "digest": "d", "command": "make all"},
}


@pytest.mark.parametrize(
    "lines",
    [
        [OPENS, CLOSES, OPENS, CLOSES],
        [OPENS, ASKS, {"type": "ask.withdrawn", "ask": "a1"}, ASKS, CLOSES],
    ],
)
async def test_a_sidecar_that_uses_a_name_again_is_ended_and_the_chat_goes_on(
    puppets: Puppets, puppet: Puppet, daemon: Daemon, chat: Chat, lines: list[Json]
) -> None:
    """What would be recorded under it is on record already, and stays as it is."""
    first = (await chat.event("turn/started"))["turn"]["id"]
    await puppet.writes("".join(json.dumps(line) + "\n" for line in lines).encode())
    await chat.client.gone()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(first))["reason"] == "lost"
    assert not (await again.snapshot()).get("permissions")
    await gone(puppet.pid)
    turn_id = await again.send("two")
    following = await puppets.next()
    await following.starts()
    await following.takes_prompt()
    await following.ends_turn(turn_id)
    assert (await again.ended(turn_id))["reason"] == "done"


@pytest.mark.parametrize(
    "lines",
    [[OPENS, OPENS, CLOSES], [OPENS, CLOSES, CLOSES], [OPENS, ASKS, ASKS, CLOSES]],
)
async def test_a_line_that_comes_twice_is_heard_once(
    puppet: Puppet, chat: Chat, lines: list[Json]
) -> None:
    await puppet.writes("".join(json.dumps(line) + "\n" for line in lines).encode())
    await ends_well(puppet, chat)
    assert await chat.texts() == ["said once", "all is well"]


@pytest.mark.parametrize("result", [None, 5, {}, {"sessionPath": 7, "model": "x"}, "text"])
async def test_a_start_that_is_answered_with_nonsense_fails_the_turn(
    puppets: Puppets, chat: Chat, result: Any
) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    await puppet.answers(await puppet.hears("start"), result)
    turn = await chat.ended(turn_id)
    assert turn["reason"] in ("failed", "lost")
    assert turn["error"]
    following_turn = await chat.send("two")
    following = await puppets.next()
    await following.starts()
    await following.takes_prompt()
    await following.ends_turn(following_turn)
    assert (await chat.ended(following_turn))["reason"] == "done"


async def test_a_sidecar_that_says_nothing_of_itself_still_serves(home: Home, chat: Chat) -> None:
    home.set_sidecar(no_hello="1")
    turn = await chat.turn("@text hi")
    assert turn["reason"] in ("done", "failed")


# Half a line


async def test_half_a_line_waits_for_its_other_half(puppet: Puppet, chat: Chat) -> None:
    line = json.dumps({"type": "notice", "kind": "info", "text": "halved"}).encode() + b"\n"
    await puppet.writes(line[:20])
    await puppet.writes(line[20:])
    await ends_well(puppet, chat)
    assert await chat.notices() == [("info", "halved")]


async def test_half_a_line_at_the_end_is_none(chat: Chat) -> None:
    turn = await chat.turn("@text before @half")
    assert turn["reason"] == "lost"
    assert await chat.texts() == ["before"]
    assert (await chat.turn("@text after"))["reason"] == "done"


async def test_half_a_line_outlives_the_daemon(puppet: Puppet, daemon: Daemon, chat: Chat) -> None:
    turn_id = (await chat.event("turn/started"))["turn"]["id"]
    text = "é" * 50_000
    line = json.dumps({"type": "notice", "kind": "info", "text": text}).encode() + b"\n"
    await puppet.says("notice", kind="info", text="before")
    await puppet.writes(line[:30_001])
    await chat.event("item/added", lambda event: event["item"].get("text") == "before")
    await daemon.restart()
    await puppet.writes(line[30_001:])
    await puppet.ends_turn(turn_id)
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(turn_id))["reason"] == "done"
    notices = await again.items("notice")
    assert [notice["textBytes"] for notice in notices] == [6, 100_000]


async def test_a_long_line_comes_in_parts_and_is_one(puppet: Puppet, chat: Chat) -> None:
    text = "日本" * 400_000
    line = json.dumps({"type": "notice", "kind": "info", "text": text}, ensure_ascii=False)
    for at in range(0, len(line), 100_000):
        last = at + 100_000 >= len(line)
        await puppet.says("part", text=line[at : at + 100_000], last=last)
    await ends_well(puppet, chat)
    (notice,) = await chat.items("notice")
    assert notice["textBytes"] == len(text.encode())


async def test_a_line_that_does_not_end_ends_its_sidecar(puppets: Puppets, chat: Chat) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    try:
        for _ in range(20):
            await puppet.writes(b"x" * MEGABYTE)
    except trio.BrokenResourceError:
        pass
    turn = await chat.ended(turn_id)
    assert turn["reason"] in ("failed", "lost")
    assert turn["error"]


# A flood, and too slowly


async def test_a_flood_is_taken_whole_and_keeps_nobody_waiting(
    home: Home, new_chat: NewChat
) -> None:
    flooding, other = await new_chat(), await new_chat()
    await flooding.call("event/unsubscribe")  # a busy machine may let its client fall behind
    turn_id = await flooding.send("@flood 30000")
    with trio.fail_after(PATIENCE):
        assert (await other.turn("@text hi"))["reason"] == "done"
        assert (await other.get())["status"]["name"] == "idle"
    assert (await flooding.ended(turn_id))["reason"] == "done"
    (item,) = await flooding.items("message")
    assert item["textBytes"] == 30_000 * 1024


async def test_a_flood_is_stopped_in_mid_stream(chat: Chat) -> None:
    await chat.send("@flood 1000000")
    await chat.said("y")
    with trio.fail_after(PATIENCE):
        assert (await chat.call("turn/stop"))["stopped"] is True
    assert (await chat.ended())["reason"] == "stopped"


async def test_a_slow_one_is_waited_for(chat: Chat) -> None:
    turn = await chat.turn("@slow 30 @text one word at a time and no layer adds a limit")
    assert turn["reason"] == "done"
    assert len(chat.client.deltas(chat.id)) > 1


async def test_a_line_that_comes_byte_by_byte_is_heard(puppet: Puppet, chat: Chat) -> None:
    for byte in json.dumps({"type": "notice", "kind": "info", "text": "slow é"}).encode() + b"\n":
        await puppet.writes(bytes([byte]))
    await ends_well(puppet, chat)
    assert await chat.notices() == [("info", "slow é")]


# Two chats


async def test_two_chats_with_the_same_names_are_apart(puppets: Puppets, new_chat: NewChat) -> None:
    chats, playing = [], []
    for name in ("one", "other"):
        chat = await new_chat()
        turn_id = await chat.send(name)
        puppet = await puppets.next()
        await puppet.starts()
        await puppet.takes_prompt()
        chats.append((chat, name, turn_id))
        playing.append(puppet)
    for puppet in playing:
        await puppet.says("item.open", item="t1", kind="tool", tool={"name": "bash"})
    for puppet, (_, name, _) in zip(playing, chats, strict=True):
        await puppet.says("item.delta", item="t1", text=name)
    for puppet, (_, name, turn_id) in zip(playing, chats, strict=True):
        await puppet.says("item.close", item="t1", tool={"name": "bash", "exitCode": len(name)})
        await puppet.ends_turn(turn_id)
    ids = set()
    for chat, name, turn_id in chats:
        await chat.ended(turn_id)
        (call,) = await chat.items("tool")
        assert (call["text"], call["tool"]["exitCode"]) == (name, len(name))
        ids.add(call["id"])
    assert len(ids) == 2


async def test_the_death_of_the_keeper_is_survived(home: Home, new_chat: NewChat) -> None:
    chats = [await new_chat() for _ in range(3)]
    assert (await chats[2].turn("@text before"))["reason"] == "done"
    for chat in chats[:2]:
        await chat.send("@text half @hold door")
    await home.gates.held("door")
    for chat in chats[:2]:
        await chat.said("half")
    keeper = (await chats[0].client.call("daemon/status"))["keeperPid"]
    os.kill(keeper, signal.SIGKILL)
    for chat in chats[:2]:
        assert (await chat.ended())["reason"] == "lost"
        assert await chat.texts() == ["half"]
    # One that did nothing has lost nothing.
    await chats[2].event("sidecar/lost")
    assert (await chats[2].get())["status"]["name"] == "idle"
    assert await chats[2].items("notice") == []
    for chat in chats:
        assert (await chat.turn("@text on"))["reason"] == "done"
    status = await chats[0].client.call("daemon/status")
    assert status["keeperPid"] != keeper
    assert status["sidecars"] == 3
