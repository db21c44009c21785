"""The demo, as a stranger runs it: the real Pi, and a daemon killed twice."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import CLAUDETTE, Terminal

HARNESS = Path(__file__).parents[2] / "harness/build/pi-harness/claudette-pi-harness"
PATIENCE = 100.0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home, and a temporary directory that has to be empty again in the end.

    It has a short name, because sockets are made there.
    """
    temporary = Path(tempfile.mkdtemp(prefix="cd-"))
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", os.fspath(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", os.fspath(temporary))
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", os.fspath(HARNESS))
    for name in ("CLAUDETTED_DATA_DIR", "CLAUDETTED_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path
    assert _running_with(f"TMPDIR={temporary}".encode()) == []
    assert [path.name for path in temporary.iterdir() if "claudette" in path.name] == []
    shutil.rmtree(temporary)
    assert [path for path in (tmp_path / "home").rglob("*") if "claudette" in path.name] == []


def _running_with(setting: bytes) -> list[str]:
    """The programs with this in their environment, where the system tells it."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # another user's, or gone meanwhile
            if setting in environ.read_bytes().split(b"\0"):
                found.append((environ.parent / "cmdline").read_text())
    return found


def test_without_a_person_it_answers_its_own_cards_and_tells_the_same_story_twice(
    place: Path,
) -> None:
    done = subprocess.run(
        [*CLAUDETTE, "demo"], cwd=place, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for said in (
        "make this change?",
        "+    if not numbers:",
        "$ python3 -m unittest",
        "because nobody is at the keyboard",
        "in mid-sentence",
        "Both are the same",
    ):
        assert said in done.stdout
    # As it happened, and in the two transcripts.
    assert done.stdout.count("▸ A test of average.py fails.") == 3
    assert done.stdout.count("∴ The test names the function") == 3


def test_a_person_may_refuse(place: Path) -> None:
    with Terminal(place, "demo") as terminal:
        terminal.expect("make this change?")
        terminal.expect("r deny with a reason")
        terminal.type("r")
        terminal.expect("Why not?")
        terminal.enter("I like it broken")
        terminal.expect("denied by you (I like it broken)")
        terminal.expect("the program is as it was")
        terminal.expect("a new daemon runs")
        terminal.expect("Both are the same")
        assert terminal.ended()[0] == 0


def test_an_interrupted_demo_leaves_nothing(place: Path) -> None:
    with Terminal(place, "demo") as terminal:
        terminal.expect("make this change?")
        terminal.type("\x03")
        assert terminal.ended()[0] == 130


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
@pytest.mark.parametrize("said", ["everything is in", "make this change?"])
def test_a_demo_that_is_told_to_end_leaves_nothing(
    place: Path, signum: signal.Signals, said: str
) -> None:
    """While its daemon starts, and while its agent asks."""
    with Terminal(place, "demo") as terminal:
        terminal.expect(said)
        terminal.signal(signum)
        assert terminal.ended()[0] == 128 + signum


def test_a_demo_whose_terminal_is_closed_leaves_nothing(place: Path) -> None:
    with Terminal(place, "demo") as terminal:
        terminal.expect("make this change?")
        terminal.hang_up()
