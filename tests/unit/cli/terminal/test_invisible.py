"""What cannot be seen is found by its properties, in the whole code space."""

import unicodedata
from itertools import chain

import pytest

from claudette_cli.terminal.invisible import is_hiding, is_invisible, named
from claudette_cli.terminal.output import exact, harmless, line

DEFAULT_IGNORABLE = [
    *("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f"),
    *map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))),
    *("\u3164\ufeff\uffa0"),
    *map(chr, (*range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9))),
    *map(chr, (*range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE1000))),
]
"""The property of this name in the Unicode Character Database, which Python does not carry."""


@pytest.fixture(scope="module")
def planes() -> list[str]:
    """Every character. Not a list of them: each would be an object, a hundred megabytes in all."""
    return ["".join(map(chr, range(at, at + 0x10000))) for at in range(0, 0x110000, 0x10000)]


def invisible(text: str) -> set[str]:
    return set(filter(is_invisible, set(text)))


def test_all_that_a_renderer_may_leave_out_is_invisible() -> None:
    assert [hex(ord(mark)) for mark in DEFAULT_IGNORABLE if not is_invisible(mark)] == []


def test_every_blank_but_the_space_and_all_that_orders_a_line_is_invisible(
    planes: list[str],
) -> None:
    ordering = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    for mark in chain.from_iterable(planes):
        blank = unicodedata.category(mark) in ("Zs", "Zl", "Zp") and mark != " "
        if blank or unicodedata.bidirectional(mark) in ordering:
            assert is_invisible(mark), hex(ord(mark))
    assert is_invisible("\u2800")  # the braille pattern without a dot
    assert not is_invisible(" ")


def test_what_can_be_seen_stays_as_it_is() -> None:
    text = "aé日本語 שלום e\u0301 ═ 🙂 ⠿"
    assert exact(text) == line(text) == harmless(text) == text


def test_nothing_invisible_is_left_on_a_card_or_in_a_row(planes: list[str]) -> None:
    for plane in planes:
        assert invisible(exact(plane)) <= {"\n"}
        assert invisible(line(plane)) <= {"\n"}
    assert "\n" not in line("a\nb\r\u2028")


def test_prose_keeps_what_joins_and_what_sets_apart_and_nothing_that_hides(
    planes: list[str],
) -> None:
    joined = "👨\u200d👩\u200d👧 ❤\ufe0f \u0645\u06cc\u200c\u062e\u0648 10\u00a0km\u3000"
    assert harmless(joined) == joined
    hidden = "a\u00adb\u034fc\u180ed\u115fe\u3164f\u2800g\U000e0041h\U000e0101i\u2028j\u2066k"
    assert harmless(hidden) == "abcdefghijk"
    # A control character may take along all that follows.
    kept = [
        harmless("".join(mark for mark in plane if unicodedata.category(mark) != "Cc"))
        for plane in planes
    ]
    assert sum(map(len, kept)) > 1_000_000
    assert not [mark for shown in kept for mark in shown if is_hiding(mark)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "ls \u200b\u200b\U000e0041",
            ["U+200B ZERO WIDTH SPACE", "U+E0041 TAG LATIN CAPITAL LETTER A"],
        ),
        ("\u3164", ["U+3164 HANGUL FILLER"]),
        ("\u2065", ["U+2065"]),
        ("ls\t-l\nä", []),
    ],
)
def test_it_is_named(text: str, names: list[str]) -> None:
    assert named(text) == names
