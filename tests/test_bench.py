"""Every row of the benchmark comes to its end, and leaves nothing when it is interrupted."""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.bench.__main__ import ROWS
from tests.daemon.client import PATIENCE

CHECKOUT = Path(__file__).parents[1]

ROW_SECONDS = 500
"""For one row: that of the adapters starts each vendor's agent three times."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc"),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """Short, so that socket paths are. Everything of a run is in it, and knows it."""
    with tempfile.TemporaryDirectory(prefix="cb-") as directory:
        yield Path(directory)


def bench(place: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.bench", *words],
        cwd=CHECKOUT,
        env={**os.environ, "TMPDIR": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left(place: Path) -> list[int]:
    """Processes that know the directory of this run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            known = os.fsencode(place) in entry.read_bytes()
        except OSError:
            continue  # another user's, or gone
        if known:
            found.append(int(entry.parent.name))
    return found


def lasting(place: Path) -> list[int]:
    """Those of them that do not end by themselves; one that ends may still start another."""
    end = time.monotonic() + PATIENCE
    while (found := left(place)) and time.monotonic() < end:
        with suppress(ProcessLookupError):
            descriptor = os.pidfd_open(found[0])
            select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
            os.close(descriptor)
    return found


@pytest.mark.parametrize("name", ROWS)
def test_a_quick_row_comes_to_its_end(place: Path, name: str) -> None:
    running = bench(place, "--quick", name)
    out, err = running.communicate(timeout=ROW_SECONDS)
    assert running.returncode == 0, err
    assert "ratio" in out and len(out.splitlines()) > 2
    assert lasting(place) == []
    assert list(place.iterdir()) == []


def test_calls_between_files_are_counted() -> None:
    words = [sys.executable, "-m", "tests.bench.walks"]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    walks = re.findall(r"^([a-z/]+): \d+ calls in \d+ files, \d+ from", done.stdout, re.MULTILINE)
    assert walks == ["turn/send", "permission/decide"]


def test_one_that_is_ended_leaves_nothing(place: Path) -> None:
    running = bench(place, "answering")
    # The daemon, its keeper, the model and two agents.
    deadline = time.monotonic() + 120
    while len(left(place)) < 6 and time.monotonic() < deadline:
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGTERM
    assert lasting(place) == []
    assert list(place.iterdir()) == []
