"""Whether the background is light: what a terminal answers is taken, and is no key."""

from collections.abc import Iterator

import pytest

from claudette_cli.terminal.background import filtered, without_answer
from claudette_cli.terminal.output import Terminal

LIGHT, DARK = "\x1b]11;rgb:ffff/ffff/dddd\x1b\\", "\x1b]11;rgb:00/10/20\x07"


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Terminal, "light", False)
    yield


def test_an_answer_is_taken_out_of_what_is_typed() -> None:
    assert without_answer(f"ab{LIGHT}c") == "abc"
    assert Terminal.light
    assert without_answer(DARK) == ""
    assert not Terminal.light


@pytest.mark.parametrize("at", range(2, len(LIGHT) + 1))
def test_a_late_answer_is_never_a_key(at: int) -> None:
    whole = f"a{LIGHT}b"
    pieces = iter([whole[: at + 1], whole[at + 1 :], "c"])
    read = filtered(lambda: next(pieces))
    typed = read() + read() + read()
    assert typed == "abc"


def test_keys_that_begin_alike_are_keys() -> None:
    pieces = iter(["\x1b", "\x1b[A", "\x1b]0;x"])
    read = filtered(lambda: next(pieces))
    assert [read(), read(), read()] == ["\x1b", "\x1b[A", "\x1b]0;x"]
