"""Growing markdown is cut only where it will not change any more."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from claudette_cli.rendering.blocks import Blocks

DOCUMENT = """# Title

A paragraph
of two lines.

- one

  still one
- two

```python
x = 1

y = 2
```

~~~~
```
~~~~
end
"""

EXPECTED = [
    "# Title",
    "A paragraph\nof two lines.",
    "- one\n\n  still one\n- two",
    "```python\nx = 1\n\ny = 2\n```",
    "~~~~\n```\n~~~~\nend",
]


def cut(*pieces: str) -> list[str]:
    blocks = Blocks()
    done = [block for piece in pieces for block in blocks.feed(piece)]
    return done + blocks.finish()


def test_a_block_ends_at_a_blank_line_outside_fences_and_lists() -> None:
    assert cut(DOCUMENT) == EXPECTED


@given(st.lists(st.integers(0, len(DOCUMENT))))
def test_the_pieces_it_comes_in_make_no_difference(cuts: list[int]) -> None:
    marks = [0, *sorted(cuts), len(DOCUMENT)]
    pieces = [DOCUMENT[a:b] for a, b in itertools.pairwise(marks)]
    assert cut(*pieces) == EXPECTED


@given(st.text(alphabet="ab\n `-~", max_size=60))
def test_nothing_but_blank_lines_is_lost(text: str) -> None:
    assert "".join("".join(cut(text)).split()) == "".join(text.split())


def test_what_still_grows_can_be_seen() -> None:
    blocks = Blocks()
    assert blocks.feed("one\n\ntw") == []
    assert blocks.rest == "one\n\ntw"
    assert blocks.feed("o\n") == ["one"]
    assert blocks.rest == "two\n"
