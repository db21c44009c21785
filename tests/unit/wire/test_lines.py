"""Lines are the same however the stream was cut, and a long one costs nothing but itself."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from claudetted.wire.lines import REQUEST_LIMIT, LineSplitter, Tail, TooLong

PIECES = st.sampled_from(
    [b"\n", b"\r", b"\r\n", b"a", b"{}", "\u2028".encode(), "\u0085é".encode(), b"\x00", b"\xff"]
)
STREAMS = st.lists(PIECES, max_size=60).map(b"".join)


@st.composite
def chunked(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream, and the same in chunks, some of them empty."""
    stream = draw(STREAMS)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    edges = [0, *cuts, len(stream)]
    return stream, [stream[start:end] for start, end in pairwise(edges)]


def split(chunks: Iterable[bytes], limit: int = REQUEST_LIMIT) -> list[bytes | TooLong]:
    splitter = LineSplitter(limit)
    return [line for chunk in chunks for line in splitter.feed(chunk)]


@given(chunked())
def test_the_cutting_of_the_stream_makes_no_difference(stream: tuple[bytes, list[bytes]]) -> None:
    whole, chunks = stream
    splitter = LineSplitter()
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    assert lines == whole.split(b"\n")[:-1]
    assert splitter.pending == len(whole.split(b"\n")[-1])


@given(chunked(), st.integers(0, 12))
def test_the_limit_is_the_same_however_the_stream_was_cut(
    stream: tuple[bytes, list[bytes]], limit: int
) -> None:
    whole, chunks = stream
    expected = [TooLong(limit) if len(line) > limit else line for line in whole.split(b"\n")[:-1]]
    assert split(chunks, limit) == expected


@given(chunked(), st.integers(0, 12))
def test_no_more_than_the_limit_is_held(stream: tuple[bytes, list[bytes]], limit: int) -> None:
    splitter = LineSplitter(limit)
    for chunk in stream[1]:
        splitter.feed(chunk)
        assert splitter.pending <= limit


def test_only_a_newline_ends_a_line() -> None:
    text = "one\u2028still\u2029one\r\x0b\x0c\x1c\x85\r\n\n\ntwo\n".encode()
    first = "one\u2028still\u2029one\r\x0b\x0c\x1c\x85\r".encode()
    assert split([text]) == [first, b"", b"", b"two"]


def test_a_character_cut_in_two_arrives_whole() -> None:
    assert split(["é".encode()[:1], "é".encode()[1:] + b"\n"]) == ["é".encode()]


@pytest.mark.parametrize(("length", "passes"), [(9, True), (10, True), (11, False)])
def test_a_line_may_be_as_long_as_the_limit(length: int, passes: bool) -> None:
    line = b"x" * length
    (found,) = split([line[:4], line[4:] + b"\n"], 10)
    assert found == (line if passes else TooLong(10))


def test_a_request_of_20_mb_is_refused_and_the_next_is_read() -> None:
    chunk = b"x" * 65536
    splitter = LineSplitter()
    for _ in range(20 * 1024 * 1024 // len(chunk)):
        assert splitter.feed(chunk) == []
        assert splitter.pending <= REQUEST_LIMIT
    assert splitter.feed(b"\nnext\n") == [TooLong(REQUEST_LIMIT), b"next"]


def test_two_long_lines_are_refused_one_by_one() -> None:
    assert split([b"long", b"er\nlonger still\nok\n"], 3) == [TooLong(3), TooLong(3), b"ok"]


@given(chunked())
def test_a_tail_hands_on_complete_lines_and_keeps_the_rest(
    stream: tuple[bytes, list[bytes]],
) -> None:
    whole, chunks = stream
    tail = Tail()
    complete = b""
    for chunk in chunks:
        lines = tail.feed(chunk)
        assert lines == b"" or lines.endswith(b"\n")
        complete += lines
    assert complete == whole[: whole.rfind(b"\n") + 1]
    assert tail.pending == len(whole) - len(complete)


def test_a_copied_tail_goes_its_own_way() -> None:
    tail = Tail()
    tail.feed(b"half")
    twin = tail.copy()
    assert twin.feed(b" a line\n") == b"half a line\n"
    assert tail.pending == 4
    assert tail.feed(b" of two\n") == b"half of two\n"
