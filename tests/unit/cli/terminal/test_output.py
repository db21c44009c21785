"""What is written to a terminal cannot mislead, and is coloured only where that is wanted."""

import io
import json
import re

import pytest
from hypothesis import given, strategies as st

from claudette_cli.terminal.invisible import is_invisible
from claudette_cli.terminal.output import (
    Terminal,
    clip,
    coloured,
    cut_before,
    exact,
    harmless,
    padded,
)


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
    assert harmless("a\r\nb\x1b[0m\u202e\tc") == "a\nb    c"


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


def test_output_keeps_its_colours_and_nothing_else_of_what_it_tells_the_terminal() -> None:
    assert coloured("\x1b[1;31mred\nstill\x1b[m x") == (
        "\x1b[0m\x1b[1;31mred\x1b[0m\n\x1b[1;31mstill\x1b[0m x\x1b[0m"
    )
    hiding = (
        "\x1b[8ma\x1b[30;40mb\x1b[38;5;0mc\x1b]8;;http://x\x07d\x1b]52;c;eA==\x1b\\e\x1b[2Jf\x1bMg"
    )
    assert re.sub(r"\x1b\[0m", "", coloured(hiding)) == "abcdefg"
    assert harmless(hiding + "\x9b31mh") == "abcdefgh"


def test_whatever_is_forgotten_is_made_harmless_where_it_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    misleading = "a\x1b]0;owned\x07b\x1b[8mc\rd\u202ee\x9bf\u2028"
    for stream in (Tty(), io.StringIO()):
        terminal = Terminal(stream)
        terminal.say(terminal.paint("x", "red") + misleading)
        terminal.write(misleading + "\n")
        terminal.json({"a": misleading})
        told = stream.getvalue().replace("\x1b[31m", "").replace("\x1b[0m", "")
        assert not [mark for mark in told if mark != "\n" and is_invisible(mark)]
        assert json.loads(told.splitlines()[-1]) == {"a": misleading}


def test_a_field_is_as_wide_as_it_says() -> None:
    assert padded("日本語", 4) == "日… "
    assert padded("ab", 4) == "ab  "
    assert cut_before("/a/long/place", 6) == "…place"
    assert cut_before("/a/long/place", 0) == ""


def test_json_is_one_line_and_keeps_its_letters() -> None:
    stream = io.StringIO()
    Terminal(stream).json({"a": "ä\n"})
    assert stream.getvalue() == '{"a": "ä\\n"}\n'


def test_a_clipped_text_is_one_line() -> None:
    assert clip("  one two\nthree", 5) == "one …"
