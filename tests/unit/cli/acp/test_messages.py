"""Lines of an editor that come in any pieces."""

import pytest
from hypothesis import given, strategies as st

from claudette_cli.acp import messages
from claudette_cli.acp.messages import Fault, Lines


@given(st.lists(st.binary(max_size=8), max_size=12), st.integers(1, 5))
def test_lines_are_the_same_in_any_pieces(lines: list[bytes], size: int) -> None:
    clean = [line.replace(b"\n", b"") for line in lines]
    whole = b"\n".join(clean)
    reader = Lines()
    found = []
    for start in range(0, len(whole), size):
        found += reader.take(whole[start : start + size])
    assert [*found, *reader.rest()] == [line for line in clean if line.strip()]


def test_a_line_that_is_too_long_fills_no_memory_and_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "LONGEST_LINE", 10)
    reader = Lines()
    for _ in range(100):
        assert reader.take(b"123456") == []
    assert sum(len(piece) for piece in reader._pieces) < 20
    (line, after) = reader.take(b"\n{}\n")
    with pytest.raises(Fault, match="A message may have"):
        messages.decode(line)
    assert after == b"{}"


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert messages.encode({"a": "\ud800"}) == b'{"a":"?"}\n'
