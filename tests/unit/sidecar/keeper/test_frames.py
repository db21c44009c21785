"""The frames are frozen, and come out of any chopping as they went in."""

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as some

from claudetted.sidecar.keeper import frames
from claudetted.sidecar.keeper.frames import frame, take_frames

GOLDEN = Path(__file__).parents[3] / "golden/keeper"
FRAME = some.tuples(
    some.integers(0, 255),
    some.text("abcdefghijklmnopqrstuvwxyz234567", max_size=16).map(str.encode),
    some.integers(0, 2**64 - 1),
    some.binary(max_size=300),
)


@given(some.lists(FRAME, max_size=8), some.integers(1, 400))
def test_chopping_changes_nothing(sent: list[tuple[int, bytes, int, bytes]], size: int) -> None:
    stream = b"".join(frame(*one) for one in sent)
    inbox, received = bytearray(), []
    for at in range(0, len(stream), size):
        inbox += stream[at : at + size]
        received += list(take_frames(inbox))
    assert received == sent
    assert not inbox


def test_whoever_stops_reading_loses_nothing() -> None:
    inbox = bytearray(frame(1, b"a", 1) + frame(2, b"b", 2))
    first = next(iter(take_frames(inbox)))
    assert first == (1, b"a", 1, b"")
    assert list(take_frames(inbox)) == [(2, b"b", 2, b"")]


def test_a_frame_longer_than_any_may_be_is_refused() -> None:
    inbox = bytearray(frames.HEADER.pack(frames.INPUT, b"a", 1, frames.BODY_LIMIT + 1))
    with pytest.raises(ValueError, match="longer"):
        list(take_frames(inbox))


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_released_generations_stay_as_they_were(path: Path) -> None:
    for name, (n, sidecar, body, told) in json.loads(path.read_text()).items():
        made = frame(getattr(frames, name), sidecar.encode(), n, bytes.fromhex(body))
        assert made.hex() == told, name


def test_every_frame_has_a_recording() -> None:
    kinds = {"HELLO", "START", "ATTACH", "ACKNOWLEDGE", "INPUT", "END", "FORGET", "SHUTDOWN"}
    kinds |= {"RUNNING", "READY", "STARTED", "FAILED", "OUTPUT", "EXIT", "REFUSED", "FENCED"}
    recorded = json.loads((GOLDEN / f"generation_{frames.GENERATION}.json").read_text())
    assert set(recorded) == kinds
