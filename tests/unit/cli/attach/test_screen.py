"""The screen and the terminal it is drawn on."""

import asyncio
import os
import pty
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import InMemoryHistory
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

    def allow_all(self) -> None:
        raise AssertionError

    def stop(self) -> None:
        self.stopped.set()

    def view(self) -> None:
        raise AssertionError

    def answer(self, question: dict[str, object], text: str) -> None:
        raise AssertionError(text)

    def unfold(self) -> None:
        raise AssertionError

    def go_on_to(self, wanted: str) -> None:
        raise AssertionError(wanted)


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """Where the keys of a person come from, and where a screen reads them."""
    leader, follower = pty.openpty()
    with (
        open(follower, encoding="utf-8") as typed,
        create_app_session(input=Vt100Input(typed), output=DummyOutput()),
    ):
        yield leader, follower
    os.close(leader)


async def press(person: Person, leader: int, keys: bytes) -> None:
    """Returns when all of them were taken: the Esc behind them was."""
    person.stopped.clear()
    os.write(leader, keys + ESCAPE)
    await asyncio.wait_for(person.stopped.wait(), 20)


def test_an_enter_stays_an_enter_while_lines_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[str] = []

    async def sit(leader: int) -> None:
        person = Person()
        drawn = Screen(person, colour=False)
        sitting = asyncio.create_task(drawn.run())
        await press(person, leader, b"")
        await drawn.print(["one", "two"])
        drawn.leave()
        await sitting

    with terminal() as (leader, follower):

        def write(text: str) -> None:
            read, _, _, local, *_ = termios.tcgetattr(follower)
            assert not read & termios.ICRNL, "Enter would be a new line"
            assert not local & (termios.ICANON | termios.ISIG), "Ctrl-C would be a signal"
            printed.append(text)

        monkeypatch.setattr(screen, "_write", write)
        asyncio.run(sit(leader))
    assert printed == ["one\ntwo\n"]


@pytest.mark.parametrize(
    ("keys", "completed"),
    [
        (b"/mod\t", "/model"),
        (b"/re\t\x15/mod\t", "/model"),
        # Another text than the one that Tab was pressed for.
        (b"/mod\te", "/mode"),
        (b"/mod", "/mod"),
    ],
)
def test_a_tab_that_comes_too_early_completes_once_it_is_known_how(
    keys: bytes, completed: str
) -> None:
    async def sit(leader: int) -> str:
        person = Person()
        drawn = Screen(person, colour=False)
        sitting = asyncio.create_task(drawn.run())
        await press(person, leader, keys)
        drawn.learn([{"name": "/model"}])
        await press(person, leader, b"")
        drawn.leave()
        await sitting
        return drawn.line.text

    with terminal() as (leader, _):
        assert asyncio.run(sit(leader)) == completed


async def drawn_until(drawn: Screen, true: Callable[[str], bool]) -> None:
    """Returns once it holds for what is on the screen."""
    again = asyncio.Event()
    drawn._app.after_render += lambda _: again.set()
    while not true(rows(drawn)):
        await asyncio.wait_for(again.wait(), 20)
        again.clear()


def rows(drawn: Screen) -> str:
    last = drawn._app.renderer.last_rendered_screen
    cells = last.data_buffer if last else {}
    return "\n".join(
        "".join(cells[y][x].char for x in sorted(cells[y])).rstrip() for y in sorted(cells)
    )


def test_a_search_that_began_too_early_finds_what_is_read_then() -> None:
    async def sit(leader: int) -> None:
        person = Person()
        drawn = Screen(person, colour=False)
        sitting = asyncio.create_task(drawn.run())
        await press(person, leader, b"")
        os.write(leader, b"\x12the sh")
        await drawn_until(drawn, lambda shown: "the sh" in shown)
        drawn.recall(InMemoryHistory(), ["last", "echo from the shell", "first"])
        await drawn_until(drawn, lambda shown: "echo from the shell" in shown)
        drawn.leave()
        await sitting

    with terminal() as (leader, _):
        asyncio.run(sit(leader))


def test_what_is_typed_stays_while_the_history_is_read() -> None:
    async def sit(leader: int) -> None:
        person = Person()
        drawn = Screen(person, colour=False)
        sitting = asyncio.create_task(drawn.run())
        await press(person, leader, b"tped\x1b[D\x1b[D\x1b[D")
        drawn.recall(InMemoryHistory(), ["last", "first"])
        await press(person, leader, b"y")
        assert drawn.line.text == "typed"
        os.write(leader, b"\x1b[A\x1b[A")
        await drawn_until(drawn, lambda shown: "first" in shown)
        drawn.leave()
        await sitting

    with terminal() as (leader, _):
        asyncio.run(sit(leader))
