"""What is written where the output lacks our signs: something like them, and never another fact."""

import io
import json
from pathlib import Path

import pytest

import claudette_cli
from claudette_cli.terminal import signs
from claudette_cli.terminal.output import Terminal, columns, cut, cut_before, exact, line, padded

SIGNS = "▸ a → b … · ┃ ● ○ ✓ ✗ ▰▱"


@pytest.fixture(params=["ascii", "latin-1"])
def narrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> io.TextIOWrapper:
    """The standard output, in an encoding that lacks most signs."""
    return output_in(request.param, monkeypatch)


def output_in(encoding: str, monkeypatch: pytest.MonkeyPatch) -> io.TextIOWrapper:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(signs, "_encoding", "")
    monkeypatch.setattr("sys.stdout", stream)
    monkeypatch.setattr("sys.stderr", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    signs.prepare()
    return stream


def written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode(stream.encoding)


def test_signs_have_stand_ins(narrow: io.TextIOWrapper) -> None:
    Terminal(narrow).say(SIGNS)
    # Latin-1 has one of them.
    dot = "·" if narrow.encoding == "latin-1" else "-"
    assert written(narrow) == f"> a -> b ... {dot} | * o + x #-\n"


def test_letters_are_escaped_and_not_replaced(narrow: io.TextIOWrapper) -> None:
    Terminal(narrow).say("日本")
    assert written(narrow) == "\\u65e5\\u672c\n"


def test_a_line_is_as_wide_as_it_is_written(narrow: io.TextIOWrapper) -> None:
    assert columns("a → …") == len("a -> ...")
    for text in ("x" * 20, "→" * 20):
        for shown in (cut(text, 10), padded(text, 10)):
            assert 9 <= len(signs.written(shown)) <= 10
        assert 9 <= len(signs.written(cut_before(text, 10))) <= 10
    assert signs.written(cut("x" * 20, 10)) == "xxxxxxx..."


def test_what_is_decided_on_is_no_stand_in(narrow: io.TextIOWrapper) -> None:
    assert exact("echo a │ b") == line("echo a │ b") == "echo a \\u2502 b"
    Terminal(narrow).say(exact("… é"))
    letter = "é" if narrow.encoding == "latin-1" else "\\xe9"
    assert written(narrow) == f"\\u2026 {letter}\n"


def test_json_stays_the_same_value(narrow: io.TextIOWrapper) -> None:
    Terminal(narrow).json({"text": SIGNS})
    assert json.loads(written(narrow)) == {"text": SIGNS}


def test_an_output_that_has_all_signs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = output_in("utf-8", monkeypatch)
    Terminal(stream).say(SIGNS)
    Terminal(stream).json(SIGNS)
    assert written(stream) == f'{SIGNS}\n"{SIGNS}"\n'
    assert exact("…") == "…" and columns("…") == 1


def test_every_sign_of_ours_has_a_stand_in(narrow: io.TextIOWrapper) -> None:
    sources = Path(claudette_cli.__file__).parent.rglob("*.py")
    used = {mark for path in sources for mark in path.read_text("utf-8") if not mark.isascii()}
    assert "▸" in used
    assert {mark for mark in used if "\\" in signs.written(mark)} == {"⏎"}
    assert signs.written("⏎") == "\\n"
