"""A process that does not start, or not go on: it can be stopped, and is given up one day."""

import os
import signal

import pytest
import trio

from claudetted.chat.process import start_timeout
from claudetted.chat.step import Step
from claudetted.protocol.base import SidecarId
from tests.daemon.calls import bash
from tests.daemon.client import PATIENCE, Client
from tests.daemon.puppet import Puppets
from tests.daemon.test_stops import MARGIN, PROMISED
from tests.daemon.world import Chat, Daemon, Home, full_disk, gone

IMPATIENT = 0.1


class Patience:
    """The daemon's with agents that start: short, and of no consequence before it `may_end`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._inner = start_timeout._give_up
        self._may_end = False
        self._lost, self._looks = trio.open_memory_channel[None](10_000)
        monkeypatch.setattr(start_timeout, "START_SECONDS", IMPATIENT)
        monkeypatch.setattr(start_timeout, "_give_up", self._give_up)

    def _give_up(self, sidecar_id: SidecarId, step: Step) -> None:
        self._lost.send_nowait(None)
        if self._may_end:
            self._inner(sidecar_id, step)

    def may_end(self, may: bool = True) -> None:
        self._may_end = may

    async def ended(self, count: int) -> None:
        """Returns when the daemon has lost it so many more times."""
        count += self._looks.statistics().current_buffer_used
        with trio.fail_after(PATIENCE):
            for _ in range(count):
                await self._looks.receive()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    return Patience(monkeypatch)


async def test_a_process_that_never_starts_is_given_up_with_its_turn(
    puppets: Puppets, chat: Chat, monkeypatch: pytest.MonkeyPatch, patience: Patience
) -> None:
    turn = await chat.send("one")
    first = await puppets.next()
    patience.may_end()
    ended = await chat.ended(turn)
    assert ended["reason"] == "failed"
    assert "did not start within" in ended["error"]
    await gone(first.pid)
    monkeypatch.setattr(start_timeout, "START_SECONDS", PATIENCE)
    again = await chat.call("turn/retry")
    second = await puppets.next()
    await second.starts()
    await second.takes_prompt()
    await second.ends_turn(again["turnId"])
    assert (await chat.ended(again["turnId"]))["reason"] == "done"


@pytest.mark.usefixtures("ends_what_hangs")
async def test_a_process_that_is_suspended_before_it_has_started_is_stopped(
    puppets: Puppets, chat: Chat
) -> None:
    turn = await chat.send("one")
    puppet = await puppets.next()
    os.kill(puppet.pid, signal.SIGSTOP)
    assert (await chat.call("turn/stop"))["stopped"] is True
    assert (await chat.ended(turn))["reason"] == "stopped"
    await gone(puppet.pid)


async def test_a_chat_whose_agent_never_starts_is_not_created(
    puppets: Puppets, home: Home, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_timeout, "START_SECONDS", IMPATIENT)
    refused = await client.refused("chat/create", cwd=str(home.work), model="fake/small")
    assert refused.name == "HarnessFailed"
    assert "did not start within" in refused.message
    assert not (await client.call("chat/list")).get("chats")


async def test_a_chat_whose_agent_never_starts_can_be_deleted(
    puppets: Puppets, home: Home, client: Client, daemon: Daemon
) -> None:
    posted = await client.post("chat/create", cwd=str(home.work), model="fake/small")
    puppet = await puppets.next()
    other = await daemon.client()
    (chat,) = (await other.call("chat/list"))["chats"]
    await other.call("chat/delete", chatId=chat["id"])
    answer = await client.reply(posted)
    assert answer["error"]["data"]["name"] == "HarnessFailed"
    await gone(puppet.pid)


async def test_a_start_that_waits_for_a_person_is_waited_for(
    puppets: Puppets, chat: Chat, patience: Patience
) -> None:
    turn = await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    request = {"tool": "extension", "access": "unknown", "digest": "d1"}
    await puppet.says("ask", ask="a1", item="", request=request)
    (asked,) = await chat.asked()
    patience.may_end()
    await patience.ended(2)
    assert (await chat.get())["status"]["name"] == "waiting"
    patience.may_end(False)
    await chat.decide(asked, "allow")
    await puppet.hears("decide")
    start, prompt, _ = puppet.heard
    await puppet.answers(start, {"sessionPath": "/s", "model": "fake/small"})
    await puppet.answers(prompt)
    await puppet.ends_turn(turn)
    assert (await chat.ended(turn))["reason"] == "done"


async def test_a_daemon_that_starts_has_patience_with_a_start_of_before(
    puppets: Puppets, daemon: Daemon, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = await chat.send("one")
    puppet = await puppets.next()
    monkeypatch.setattr(start_timeout, "START_SECONDS", IMPATIENT)
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(turn))["reason"] == "failed"
    await gone(puppet.pid)


async def test_a_start_is_given_up_when_the_disk_takes_it(
    puppets: Puppets, chat: Chat, patience: Patience
) -> None:
    turn = await chat.send("one")
    puppet = await puppets.next()
    with full_disk():
        patience.may_end()
        await patience.ended(2)
    assert (await chat.ended(turn))["reason"] == "failed"
    await gone(puppet.pid)


@pytest.mark.usefixtures("ends_what_hangs")
async def test_an_agent_that_is_suspended_is_stopped(home: Home, chat: Chat) -> None:
    """It hears nothing, neither a line nor a signal but the last; its command ends, too."""
    turn = await chat.send(f"@text half {bash('sleep 60')}")
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    pid = (await chat.snapshot())["sidecar"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    with trio.fail_after(PROMISED + MARGIN):
        assert (await chat.call("turn/stop"))["stopped"] is True
    assert (await chat.ended(turn))["reason"] == "stopped"
    await gone(pid)
    assert (await chat.turn("@text on"))["reason"] == "done"
