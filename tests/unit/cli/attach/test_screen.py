"""The screen and the terminal it is drawn on."""

import asyncio
import os
import pty
import termios

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output import DummyOutput

from claudette_cli.attach import screen
from claudette_cli.attach.screen import Screen

ESCAPE = b"\x1b"


class Person:
    """Wants nothing but to stop."""

    def __init__(self) -> None:
        self.stopped = asyncio.Event()

    def submit(self, text: str) -> None:
        raise AssertionError(text)

    def decide(self, decision: str, reason: str = "", scope: str = "once") -> None:
        raise AssertionError(decision)

    def stop(self) -> None:
        self.stopped.set()

    def unfold(self) -> None:
        raise AssertionError


def test_an_enter_stays_an_enter_while_lines_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()
    printed: list[str] = []

    def write(text: str) -> None:
        read, _, _, local, *_ = termios.tcgetattr(follower)
        assert not read & termios.ICRNL, "Enter would be a new line"
        assert not local & (termios.ICANON | termios.ISIG), "Ctrl-C would be a signal"
        printed.append(text)

    async def sit() -> None:
        person = Person()
        drawn = Screen(person, colour=False)
        sitting = asyncio.create_task(drawn.run())
        os.write(leader, ESCAPE)
        await asyncio.wait_for(person.stopped.wait(), 20)
        await drawn.print(["one", "two"])
        drawn.leave()
        await sitting

    monkeypatch.setattr(screen, "_write", write)
    with (
        open(follower, encoding="utf-8") as typed,
        create_app_session(input=Vt100Input(typed), output=DummyOutput()),
    ):
        asyncio.run(sit())
    os.close(leader)
    assert printed == ["one\ntwo\n"]
