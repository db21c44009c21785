"""What is written to a terminal cannot mislead, and is coloured only where that is wanted."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudette_cli.terminal import Terminal, clip, exact, harmless


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text())
def test_no_control_character_survives(text: str) -> None:
    for shown in (exact(text), harmless(text)):
        assert not [mark for mark in shown if ord(mark) < 32 and mark != "\n"]
        assert not {"\x7f", "\x9b", "\u202e"} & set(shown)


def test_what_is_decided_on_shows_what_was_taken_away() -> None:
    assert exact("a\rb\x1b[0m\u202e") == "a\\x0db\\x1b[0m\\u202e"
    assert harmless("a\r\nb\x1b[0m\u202e\tc") == "a\nb[0m    c"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, "\x1b[31;1mx\x1b[0m"), ({"NO_COLOR": "1"}, "x"), ({"TERM": "dumb"}, "x")],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Terminal(Tty()).paint("x", "red", "bold") == expected
    assert Terminal(io.StringIO()).paint("x", "red") == "x"


def test_json_is_one_line_and_keeps_its_letters() -> None:
    stream = io.StringIO()
    Terminal(stream).json({"a": "ä\n"})
    assert stream.getvalue() == '{"a": "ä\\n"}\n'


def test_a_clipped_text_is_one_line() -> None:
    assert clip("  one two\nthree", 5) == "one …"
