"""Growing markdown is cut only where it will not change any more."""

import itertools
from typing import Any

import pytest
from hypothesis import given, strategies as st

from claudette_cli.rendering import markdown
from claudette_cli.rendering.blocks import SMALL, Blocks

DOCUMENT = """# Title

A paragraph
of two lines.

- one

  still one
- two

- three
***
````markdown
```python
x = 1
```

y = 2
````

| a | b |
|---|---|
| 1 | 2 |

> quoted

1. first

2. second

   ~~~
   in the list

   still there
   ~~~

~~~~
```
~~~~
end
"""

PIECES = [
    "# Title",
    "A paragraph\nof two lines.",
    "- one\n\n  still one\n- two\n\n- three",
    "***",
    "````markdown\n```python\nx = 1\n```\n\ny = 2\n````",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "> quoted",
    "1. first\n\n2. second\n\n   ~~~\n   in the list\n\n   still there\n   ~~~",
    "~~~~\n```\n~~~~",
    "end",
]

REFERENCES = """See [one][] and [the other][two].

More.

[one]: https://example.com/1 "A \\"title\\""
[two]: <https://example.com/a b>

After [the other][two] comes `x`[0][1].

- [one][], in a list

[one]: https://example.com/later
"""

FRAGMENTS = (
    *("- a", "  b", "* c", "1. d", "10. e", "   f", "    g", "# h", "i", "j | k", "--|--"),
    *("> l", "```", "~~~~", "````", "---", "===", "[a][b]", "[a]", "[b][]"),
    *("", "", "", "", "<b>", "</b>", "<!--", "-->", "\t- m", "`n`[a][]", "o\r", "\x00", "\\"),
)


def cut(*pieces: str) -> list[str]:
    blocks = Blocks()
    done = [block for piece in pieces for block in blocks.feed(piece)]
    return done + blocks.finish()


def shown(*pieces: str) -> list[str]:
    """As it stands on the screen, without empty lines."""
    lines = [line for piece in pieces for line in markdown.render(piece, 60, colour=False)]
    return [line for line in lines if line.strip()]


def split(text: str, cuts: list[int]) -> list[str]:
    marks = [0, *sorted(min(place, len(text)) for place in cuts), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(marks)]


def test_a_piece_ends_where_another_block_begins() -> None:
    assert cut(*DOCUMENT) == PIECES


@pytest.mark.parametrize("text", [DOCUMENT, REFERENCES], ids=["blocks", "references"])
@given(cuts=st.lists(st.integers(0, len(DOCUMENT))))
def test_the_pieces_it_comes_in_make_no_difference(text: str, cuts: list[int]) -> None:
    assert shown(*cut(*split(text, cuts))) == shown(text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12), st.lists(st.integers(0, 60)))
def test_whatever_it_is_it_looks_as_it_would_in_one_piece(
    lines: list[str], cuts: list[int]
) -> None:
    text = "\n".join(["[a]: /first", "", *lines, "", "[b]: <last> 'one'"])
    assert shown(*cut(*split(text, cuts))) == shown(text)


@given(st.text(alphabet="ab\n `-~", max_size=60))
def test_nothing_but_blank_lines_is_lost(text: str) -> None:
    assert "".join("".join(cut(*text)).split()) == "".join(text.split())


def test_a_link_waits_for_its_definition() -> None:
    blocks = Blocks()
    assert blocks.feed("See [this][one].\n\nMore.\n\nAnd more.\n") == []
    (piece,) = blocks.feed("\n[one]: /there\n")
    assert "(/there)" in "".join(shown(piece))
    assert shown(blocks.rest) == ["And more."]


def test_it_does_not_wait_for_ever() -> None:
    blocks = Blocks()
    assert blocks.feed("See [this][one].\n\n") == []
    assert blocks.feed("a line\n\n" * markdown.HELD) != []


def test_what_still_grows_can_be_seen() -> None:
    blocks = Blocks()
    assert blocks.feed("one\n\ntw") == []
    assert blocks.rest == "one\n\ntw"
    assert blocks.feed("o\n") == ["one"]
    assert blocks.rest == "two"


def test_a_long_block_is_not_read_again_with_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def settled(text: str, defined: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        read.append(len(text))
        return 0, defined

    monkeypatch.setattr(markdown, "settled", settled)
    lines = ["```\n", *["some code that goes on\n"] * 10_000]
    assert len(cut(*lines)) == 1
    assert sum(size > SMALL for size in read) < 20
