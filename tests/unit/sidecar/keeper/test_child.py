"""The window keeps what nobody acknowledged, and never goes back."""

import os
from collections.abc import Iterator

import pytest

from claudetted.sidecar.keeper.child import STDERR_TAIL, Child


@pytest.fixture
def pipes() -> Iterator[tuple[Child, int, int]]:
    out, write_out = os.pipe()
    err, write_err = os.pipe()
    for fd in (out, err):
        os.set_blocking(fd, False)
    yield Child(b"s", [], 1, (-1, out, err, -1)), write_out, write_err
    for fd in (out, write_out, err, write_err):
        os.close(fd)


def test_what_is_acknowledged_goes_and_what_is_not_stays(pipes: tuple[Child, int, int]) -> None:
    child, write, _ = pipes
    os.write(write, b"0123456789")
    assert child.read_output() == 10
    child.sent = 0
    child.acknowledge(4)
    assert (child.base, child.end, bytes(child.window)) == (4, 10, b"456789")
    child.acknowledge(2)
    assert child.base == 4


def test_nobody_acknowledges_what_was_never_written(pipes: tuple[Child, int, int]) -> None:
    child, write, _ = pipes
    os.write(write, b"01")
    child.read_output()
    with pytest.raises(ValueError, match="never written"):
        child.acknowledge(3)


def test_what_was_acknowledged_unread_is_not_delivered(pipes: tuple[Child, int, int]) -> None:
    child, write, _ = pipes
    os.write(write, b"0123456789")
    child.read_output()
    child.sent = 0
    child.acknowledge(6)
    assert child.sent == 6
    assert child.piece(100) == b"6789"


def test_only_the_end_of_stderr_is_kept(pipes: tuple[Child, int, int]) -> None:
    child, _, write = pipes
    for _ in range(3):
        os.write(write, b"x" * (STDERR_TAIL // 2) + b"last")
        assert child.read_stderr() > 0
    assert len(child.tail) == STDERR_TAIL
    assert child.tail.endswith(b"last")


def test_draining_waits_for_nobody_who_holds_the_pipe(pipes: tuple[Child, int, int]) -> None:
    child, write_out, write_err = pipes
    os.write(write_out, b"out")
    os.write(write_err, b"err")
    child.drain()
    assert (bytes(child.window), bytes(child.tail)) == (b"out", b"err")
