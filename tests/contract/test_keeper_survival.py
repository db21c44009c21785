"""However often and wherever the daemon is killed, every line is journaled exactly once, and
every input reaches the sidecar exactly once.

`SURVIVAL_SEED=7` has it killed at other places.
"""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.keeper_client import BLOCKS, POINTS, Journal
from tests.contract.keeper_world import end_keeper

BLOCK = 500
"""Lines between two inputs. 500 makes 20,000 lines in all."""
SEEN_ONCE = ("connected", "attached")
"""In one life."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    end_keeper(tmp_path / "k.sock")


def live(place: Path, point: str, count: int, mistake: str = "") -> str:
    """One life of a daemon, and its last word: none when it killed itself."""
    words = [place / "k.sock", place / "db", point, count, mistake, BLOCK]
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.keeper_client", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=120,
    )
    assert done.stderr == ""
    assert done.returncode in (0, -signal.SIGKILL)
    return done.stdout.strip()


def expected() -> list[str]:
    lines: list[str] = []
    for block in range(BLOCKS):
        first = block * BLOCK + 1
        lines += [f"in {block + 1}", *map(str, range(first, first + BLOCK)), "block"]
    return lines


def journal(place: Path) -> list[str]:
    return Journal(str(place / "db")).lines()


def test_undisturbed(place: Path) -> None:
    assert live(place, "never", 1) == "done"
    assert journal(place) == expected()


@pytest.mark.parametrize("point", POINTS)
def test_killed_again_and_again_at_one_point(place: Path, point: str) -> None:
    count = 1 if point in SEEN_ONCE else 7
    for _ in range(5):
        assert live(place, point, count) == ""
    assert live(place, "never", 1) == "done"
    assert journal(place) == expected()


@pytest.mark.parametrize("seed", [int(os.environ.get("SURVIVAL_SEED", "1"))])
def test_killed_all_over_the_place(place: Path, seed: int) -> None:
    chance = random.Random(seed)
    for point in chance.sample(POINTS * 2, 8):
        last = live(place, point, 1 if point in SEEN_ONCE else chance.randint(1, 9))
        assert last in ("", "done")
        if last:
            break
    else:
        assert live(place, "never", 1) == "done"
    assert journal(place) == expected()


@pytest.mark.parametrize(
    ("mistake", "point"),
    [
        ("acknowledge on receipt", "received"),
        ("attach at the end", "received"),
        ("journal again", "committed"),
    ],
)
def test_a_daemon_that_makes_a_mistake_is_caught(place: Path, mistake: str, point: str) -> None:
    """Shows that the tests above can fail."""
    lasts = [live(place, point, 3, mistake), live(place, "never", 1, mistake)]
    assert lasts == ["", "done" if mistake == "journal again" else "gap"]
    assert journal(place) != expected()
