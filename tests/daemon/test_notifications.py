"""The word that goes out to a person: once a cycle, not hastily, and only while it is true.

A number after `bug` or `latent` is that of the bug in the record of an earlier program.
"""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from claudetted.chat.plans import lifecycle
from claudetted.daemon import notify as daemon_notify
from tests.daemon.calls import asked_once, bash
from tests.daemon.client import PATIENCE, Client
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home

Told = tuple[str, str, str]
"""A chat's id, why it needs somebody, and its title."""


class Ear:
    """Hears what the notification command says. Nothing is lost between two `hears`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        say = 'printf "%s|%s|%s\\n" "$CLAUDETTED_CHAT_ID" "$CLAUDETTED_WHY" "$CLAUDETTED_TITLE"'
        self.command = ["/bin/sh", "-c", f"{say} >> {shlex.quote(str(path))}"]
        self._fifo = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._said = b""

    async def hears(self) -> Told:
        """The next notification."""
        with trio.fail_after(PATIENCE):
            while b"\n" not in self._said:
                await trio.lowlevel.wait_readable(self._fifo)
                self._said += os.read(self._fifo, 4096)
        line, _, self._said = self._said.partition(b"\n")
        chat, why, title = line.decode().split("|")
        return chat, why, title

    def close(self) -> None:
        os.close(self._fifo)


@pytest.fixture
def ear(home: Home) -> Iterator[Ear]:
    made = Ear(home.root / "ear")
    yield made
    made.close()


@pytest.fixture
async def listening(daemon: Daemon, ear: Ear) -> Ear:
    """From here on the daemon tells the ear. Fixtures are made at once: it has its own client."""
    await notify(await daemon.client(), ear.command)
    return ear


class Delays:
    """Those before the word goes out, counted from 1. Each is over when the test says so."""

    def __init__(self) -> None:
        self._over: list[trio.Event] = []
        self._begun = trio.lowlevel.ParkingLot()

    async def wait(self) -> None:
        self._over.append(trio.Event())
        self._begun.unpark_all()
        await self._over[-1].wait()

    async def begins(self, number: int) -> None:
        with trio.fail_after(PATIENCE):
            while len(self._over) < number:
                await self._begun.park()

    async def ends(self, number: int) -> None:
        await self.begins(number)
        self._over[number - 1].set()


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> Delays:
    made = Delays()
    monkeypatch.setattr(daemon_notify, "_delay", made.wait)
    return made


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch) -> trio.Event:
    """Set when the command was run, however that went."""
    done, tell = trio.Event(), daemon_notify.Notifier._tell

    async def counted(*about: Any) -> None:
        await tell(*about)
        done.set()

    monkeypatch.setattr(daemon_notify.Notifier, "_tell", counted)
    return done


async def notify(client: Client, command: list[str]) -> None:
    await client.call("setting/set", key="notification", value="command")
    await client.call("setting/set", key="notification_command", value=command)


async def unwatched(chat: Chat, prompt: str) -> None:
    """A turn that ends while nobody follows the chat."""
    await chat.call("event/unsubscribe")
    await chat.turn(prompt)


async def test_a_request_is_told_with_the_chat_and_the_reason(
    new_chat: NewChat, listening: Ear
) -> None:
    chat = await new_chat(title="Fix the “build”; $HOME")
    await asked_once(chat, bash("touch one"))
    assert await listening.hears() == (chat.id, "permission", "Fix the “build”; $HOME")
    await chat.call("turn/stop")


async def test_bug_52_it_is_not_told_hastily(chat: Chat, listening: Ear) -> None:
    before = trio.current_time()
    await asked_once(chat, bash("touch one"))
    await listening.hears()
    assert trio.current_time() - before >= 0.3
    await chat.call("turn/stop")


async def test_bug_52_it_is_told_once_a_cycle(new_chat: NewChat, listening: Ear) -> None:
    chat, last = await new_chat(), await new_chat()
    turn = await chat.send(" ".join(map(bash, ("touch one", "touch two", "touch three"))))
    first, second, third = await chat.asked(3)
    assert (await listening.hears())[0] == chat.id
    await chat.decide(first, "deny")
    await chat.decide(second, "deny")
    await asked_once(last, bash("touch one"))
    assert (await listening.hears())[0] == last.id
    await chat.decide(third, "deny")
    await chat.ended(turn)
    await asked_once(chat, bash("touch four"))
    assert (await listening.hears())[0] == chat.id
    for one in (chat, last):
        await one.call("turn/stop")


async def test_bug_52_what_was_answered_at_once_is_not_told(
    new_chat: NewChat, listening: Ear, delays: Delays
) -> None:
    quick, slow = await new_chat(), await new_chat()
    turn, asked = await asked_once(quick, bash("touch one"))
    await delays.begins(1)
    await quick.decide(asked, "deny")
    await quick.ended(turn)
    await delays.ends(1)
    await asked_once(slow, bash("touch one"))
    await delays.ends(2)
    assert (await listening.hears())[0] == slow.id
    await slow.call("turn/stop")


async def test_bug_52_a_cycle_that_ended_at_once_hastens_and_doubles_nothing(
    new_chat: NewChat, listening: Ear, delays: Delays
) -> None:
    chat, other, last = [await new_chat() for _ in range(3)]
    turn, first = await asked_once(chat, f"{bash('touch one')} @then {bash('touch two')}")
    await delays.begins(1)
    await chat.decide(first, "deny")
    await delays.begins(2)
    await delays.ends(1)
    await asked_once(other, bash("touch one"))
    await delays.ends(3)
    assert (await listening.hears())[0] == other.id
    await delays.ends(2)
    assert (await listening.hears())[0] == chat.id
    await asked_once(last, bash("touch one"))
    await delays.ends(4)
    assert (await listening.hears())[0] == last.id
    for one in (chat, other, last):
        await one.call("turn/stop")
    await chat.ended(turn)


async def test_a_turn_that_ended_unseen_is_told(new_chat: NewChat, listening: Ear) -> None:
    done, failed = await new_chat(), await new_chat()
    await unwatched(done, "@text done")
    assert (await listening.hears())[:2] == (done.id, "ended")
    await unwatched(failed, "@fail It broke.")
    assert (await listening.hears())[:2] == (failed.id, "failed")


async def test_a_turn_that_somebody_watched_is_not_told(new_chat: NewChat, listening: Ear) -> None:
    seen, unseen = await new_chat(), await new_chat()
    await seen.turn("@text done")
    await unwatched(unseen, "@text done")
    assert (await listening.hears())[0] == unseen.id


async def test_off_is_off(
    client: Client, new_chat: NewChat, listening: Ear, delays: Delays
) -> None:
    chat, other = await new_chat(), await new_chat()
    await client.call("setting/set", key="notification", value="off")
    await unwatched(chat, "@text one")
    await delays.ends(1)
    await client.call("setting/set", key="notification", value="command")
    await unwatched(other, "@text one")
    await delays.ends(2)
    assert (await listening.hears())[0] == other.id


async def test_a_command_that_takes_its_time_holds_up_no_later_one(
    client: Client, chat: Chat, ear: Ear, home: Home
) -> None:
    door = home.root / "door"
    os.mkfifo(door)
    await notify(client, ["/bin/sh", "-c", f"{ear.command[2]}; read x < {shlex.quote(str(door))}"])
    for name in ("one", "two"):
        turn, asked = await asked_once(chat, bash(f"touch {name}"))
        assert (await ear.hears())[1] == "permission"
        await chat.decide(asked, "deny")
        await chat.ended(turn)
    opened = os.open(door, os.O_RDWR)
    os.write(opened, b"go\ngo\n")
    os.close(opened)


@pytest.mark.parametrize("command", [["/nowhere/notify"], ["/bin/false"], []])
async def test_a_command_that_fails_is_nobodys_trouble(
    client: Client, new_chat: NewChat, ear: Ear, commanded: trio.Event, command: list[str]
) -> None:
    chat, other = await new_chat(), await new_chat()
    await notify(client, command)
    await unwatched(chat, "@text one")
    with trio.fail_after(PATIENCE):
        await commanded.wait()
    await notify(client, ear.command)
    await unwatched(other, "@text one")
    assert (await ear.hears())[0] == other.id
    assert (await chat.get())["attention"] == ["ended"]


async def test_a_chat_that_fails_while_it_needs_somebody_takes_nothing_with_it(
    daemon: Daemon, new_chat: NewChat, listening: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, other = await new_chat(), await new_chat()
    await asked_once(chat, bash("touch one"))
    await listening.hears()

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("broken for the test")

    monkeypatch.setattr(lifecycle, "rename", break_down)
    unconcerned = await daemon.client()
    refused = await unconcerned.refused("chat/rename", chatId=chat.id, title="new")
    assert refused.name == "Internal"
    await unconcerned.call("turn/send", chatId=other.id, text="@text unseen")
    while (await listening.hears())[0] != other.id:
        pass


async def test_a_chat_deleted_in_between_is_not_told(
    new_chat: NewChat, listening: Ear, delays: Delays
) -> None:
    gone, other = await new_chat(), await new_chat()
    await asked_once(gone, bash("touch one"))
    await delays.begins(1)
    await gone.call("chat/delete")
    await delays.ends(1)
    await unwatched(other, "@text one")
    await delays.ends(2)
    assert (await listening.hears())[0] == other.id


@pytest.mark.skipif(sys.platform != "linux", reason="the desktop of Linux")
async def test_the_desktop_is_told_in_words(
    home: Home, new_chat: NewChat, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = home.root / "programs"
    programs.mkdir()
    script = f'#!/bin/sh\nprintf "%s|%s|%s\\n" "$2" "$3" "$4" >> {shlex.quote(str(ear.path))}\n'
    (programs / "notify-send").write_text(script)
    (programs / "notify-send").chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    chat = await new_chat(title="--urgent")
    await asked_once(chat, bash("touch one"))
    assert await ear.hears() == ("--", "--urgent", "The agent asks for permission.")
    await chat.call("turn/stop")


async def test_a_request_from_before_a_restart_is_not_told_again(
    daemon: Daemon, new_chat: NewChat, listening: Ear
) -> None:
    chat, other = await new_chat(), await new_chat()
    await asked_once(chat, bash("touch one"))
    assert (await listening.hears())[0] == chat.id
    await daemon.restart()
    client = await daemon.client()
    await client.call("turn/send", chatId=other.id, text="@text unseen")
    assert (await listening.hears())[0] == other.id
    await client.call("turn/stop", chatId=chat.id)
