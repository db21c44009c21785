"""Wherever and however often the daemon is killed: what the sidecar wrote is what the journal and
every client have, line by line, and what it was told it was told once.
"""

import pytest

from tests.support.counting import LINES, Counting
from tests.support.follower import Follower

POINTS = [
    ("received", 7),
    ("before the commit", 9),
    ("in the transaction", 11),
    ("committed", 8),
    ("before the checkpoint", 1),
    ("checkpointed", 1),
    ("published", 5),
    ("acknowledged", 5),
    ("greeted", 1),
    ("attaching", 1),
    ("attaching", 1),
    ("attached", 1),
    ("recovered", 1),
    ("received", 1),
    ("committed", 1),
]
"""Where the daemon ends, one life after the other; also before it is attached again."""
INPUT_POINTS = [("input stored", 1), ("input sent", 1)]


@pytest.mark.timeout(300 + LINES // 200)
@pytest.mark.parametrize(
    ("watched", "points"),
    [
        ("by nobody", POINTS[::2] + INPUT_POINTS),
        ("by a client", POINTS + INPUT_POINTS),
        ("by a client that stalls", POINTS[1::2] + INPUT_POINTS),
    ],
)
async def test_a_killed_daemon_loses_and_doubles_nothing(
    world: Counting, follower: Follower, watched: str, points: list[tuple[str, int]]
) -> None:
    options = {"SO_RCVBUF": 4096} if "stalls" in watched else {}
    watcher = None if watched == "by nobody" else follower
    for point, at in points:
        await world.live(point, at, watcher, **options)
    await world.finish(watcher)
    written = world.counting.written()
    assert len(written["notice"]) * 20 >= LINES
    assert world.journal() == written
    if watcher:
        assert {kind: watcher.said(kind) for kind in written} == written
    steers = [line["text"] for line in world.counting.heard("steer")]
    assert steers == ["steer 1", "steer 2"]
    assert len(world.counting.heard("prompt")) == 1


@pytest.mark.parametrize("mistake", ["acknowledge on receipt", "attach at the end"])
async def test_a_daemon_that_makes_a_mistake_is_caught(
    world: Counting, follower: Follower, mistake: str
) -> None:
    """Shows that the test above can fail."""
    world.mistake = mistake
    with pytest.raises(AssertionError):
        await world.live("held before the commit", 7, follower)
        await world.finish(follower)
        written = world.counting.written()
        assert world.journal() == written
        assert follower.said("message") == written["message"]
