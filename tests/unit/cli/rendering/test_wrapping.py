"""Lines fit the terminal, and nothing of them is lost on the way."""

import re

from hypothesis import given, strategies as st

from claudette_cli.rendering.wrapping import shortened, wrapped
from claudette_cli.terminal.output import columns

STYLE = re.compile(r"\x1b\[[\d;]*m")


def plain(text: str) -> str:
    return STYLE.sub("", text)


def test_words_stay_whole_and_styles_go_on() -> None:
    assert wrapped("one two three", 8) == ["one two ", "three"]
    assert wrapped("\x1b[1mfirst other\x1b[0m third", 8, again="> ") == [
        "\x1b[1mfirst \x1b[0m",
        "> \x1b[1mother\x1b[0m ",
        "> third",
    ]


def test_a_word_without_room_is_broken_and_wide_letters_count_twice() -> None:
    assert wrapped("日本語日本語", 8) == ["日本語日", "本語"]
    assert wrapped("x" * 20, 10) == ["x" * 10, "x" * 10]


@given(
    st.text(st.characters(exclude_categories=["C"], exclude_characters="\n")), st.integers(8, 40)
)
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, width: int) -> None:
    pieces = wrapped(text, width)
    assert "".join(pieces) == text
    assert all(columns(piece) <= width for piece in pieces)


def test_a_styled_line_is_cut_to_what_is_seen_of_it() -> None:
    assert plain(shortened("\x1b[31mabc def ghi\x1b[0m", 8)) == "abc def …"
    assert shortened("\x1b[31mabc\x1b[0m", 3) == "\x1b[31mabc\x1b[0m"
