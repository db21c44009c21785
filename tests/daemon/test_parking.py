"""Sidecars that nobody needs end, the longest unused first, and come back with a message."""

import json
import os
import signal

import pytest
import trio

from claudetted.chat import parking
from tests.daemon.client import PATIENCE, Client
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Home, full_disk

SOON = 0.001
"""Minutes."""
LOOKS = 6
"""How often it is looked whether anything could be parked, before it is said to be kept."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parking, "LOOK_SECONDS", 0.05)


@pytest.fixture
async def soon(chat: Chat) -> None:
    await chat.client.call("setting/set", key="park_after_minutes", value=SOON)


async def looked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Returns when parking has looked around several times."""
    look, seen = parking.Parking.look, trio.Event()
    count = 0

    async def counted(self: parking.Parking, idle: float, most: int) -> None:
        nonlocal count
        await look(self, idle, most)
        count += 1
        if count == LOOKS:
            seen.set()

    monkeypatch.setattr(parking.Parking, "look", counted)
    with trio.fail_after(PATIENCE):
        await seen.wait()


def is_kept(chat: Chat) -> bool:
    return not chat.events("sidecar/stopped")


async def test_an_idle_sidecar_is_parked_and_wakes_with_its_memory(soon: None, chat: Chat) -> None:
    await chat.turn("@text remember seven")
    stopped = await chat.event("sidecar/stopped")
    assert stopped["why"] == "The agent was idle."
    assert (await chat.get())["status"]["name"] == "idle"
    await chat.turn("@echo-history")
    assert "remember seven" in (await chat.texts())[-1]
    first, second = chat.events("sidecar/started")
    assert second["resumed"] is True
    assert second["sidecar"]["sessionPath"] == first["sidecar"]["sessionPath"]
    assert await chat.notices() == []


async def test_the_waking_message_is_in_the_journal_first(soon: None, chat: Chat) -> None:
    await chat.turn("@text one")
    await chat.event("sidecar/stopped")
    before = len(chat.kinds())
    await chat.turn("@text two")
    kinds = chat.kinds()[before:]
    assert kinds.index("item/added") < kinds.index("turn/started") < kinds.index("sidecar/started")


async def test_never_while_a_turn_runs(
    home: Home, soon: None, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await chat.send("@hold door @text done")
    await home.gates.held("door")
    await looked(monkeypatch)
    assert is_kept(chat)
    home.gates.release("door")
    assert (await chat.ended(turn))["reason"] == "done"


async def test_never_while_a_permission_waits(
    soon: None, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await chat.send(f"@tool bash {json.dumps({'command': 'touch made'})}")
    (asked,) = await chat.asked()
    await looked(monkeypatch)
    assert is_kept(chat)
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"


async def test_never_while_a_message_waits(
    home: Home, soon: None, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    await chat.send("@text later")
    await chat.call("turn/stop")
    assert (await chat.call("queue/list"))["paused"] is True
    await looked(monkeypatch)
    assert is_kept(chat)


async def test_never_while_something_of_the_agent_runs(
    soon: None, chat: Chat, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await chat.send(f"@tool bash {json.dumps({'command': 'setsid sleep 7202 &'})}")
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    await chat.ended(turn)
    await looked(monkeypatch)
    assert is_kept(chat)
    rows = (await client.call("process/list", chatId=chat.id))["processes"]
    (job,) = [row["pid"] for row in rows if row["kind"] == "job"]
    os.kill(job, signal.SIGKILL)
    assert (await chat.event("sidecar/stopped"))["why"] == "The agent was idle."


async def test_too_many_park_the_longest_unused(client: Client, new_chat: NewChat) -> None:
    chats = [await new_chat() for _ in range(3)]
    for chat in (chats[1], chats[0], chats[2]):
        await chat.turn("@text hi")
    await client.call("setting/set", key="max_agents", value=2)
    stopped = await chats[1].event("sidecar/stopped")
    assert stopped["why"] == "The limit of running agents was reached."
    assert is_kept(chats[0])
    assert is_kept(chats[2])


async def test_those_that_work_are_not_parked_for_others(
    home: Home, client: Client, new_chat: NewChat
) -> None:
    working, idle = await new_chat(), await new_chat()
    turn = await working.send("@hold door")
    await home.gates.held("door")
    await idle.turn("@text hi")
    await client.call("setting/set", key="max_agents", value=1)
    await idle.event("sidecar/stopped")
    assert is_kept(working)
    home.gates.release("door")
    assert (await working.ended(turn))["reason"] == "done"


async def test_a_full_disk_puts_parking_off(
    chat: Chat, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chat.turn("@text hi")
    await client.call("setting/set", key="park_after_minutes", value=SOON)
    with full_disk():
        await looked(monkeypatch)
    await chat.event("sidecar/stopped")
    assert (await chat.turn("@text hi"))["reason"] == "done"
