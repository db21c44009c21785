"""What runs unasked does in bash what was read in it, and nothing else: some lines of `make fuzz`.

In a process of its own, since the recorder waits for every child there is.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

LINES, SEED = 2000, 5
ROOT = Path(__file__).parents[2]


def tried(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.fixture(autouse=True, scope="module")
def recording() -> None:
    why = tried("from tests.fuzz import recorder; print(recorder.unavailable())")
    if why:
        pytest.skip(why)


def test_generated_lines_do_no_more_than_was_read_in_them() -> None:
    fuzz = [sys.executable, "-m", "tests.fuzz", "--count", str(LINES), "--seed", str(SEED)]
    run = subprocess.run(fuzz, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
    counted = re.search(r"(\d+) lines tried, (\d+) ran unasked", run.stdout)
    assert counted and int(counted[1]) == LINES
    assert int(counted[2]) > LINES / 8


PLAYED = """
import tempfile
from pathlib import Path
from claudetted.permissions.analysis import Analysis
from tests.fuzz import box as boxes
from tests.fuzz.box import Box
boxes.SECONDS = 60.0  # Each of the lines ends by itself, or with what is seen of it.
with tempfile.TemporaryDirectory() as root:
    box = Box(Path(root))
    box.fresh()
    line = box.places_of(LINE)
    print(box.run(line, str(box.work), Analysis()).refused[0])
"""


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("frob", "runs ('frob',)"),
        ("true ${none:-<(frob)}", "runs ('frob',)"),
        ("echo x > x", "write"),
        ("read x < secrets/key", "opens"),
        ("read x < @OUT@/key", "opens"),
        ("exec 3<>/dev/tcp/127.0.0.1/9", "connect"),
        ("kill -0 1", "kill 1"),
        ("x='a[$(frob)]'; printf -va[x] y", "runs ('frob',)"),
    ],
)
def test_what_is_recorded_is_seen(line: str, seen: str) -> None:
    """Else the test above could not fail."""
    code = PLAYED.replace("LINE", repr(line))
    assert seen in tried(code)


WATCHED = """
import tempfile
import threading
from pathlib import Path
from claudetted.permissions.analysis import Analysis
from tests.fuzz import box as boxes
from tests.fuzz.box import Box

boxes.SECONDS = 60.0

def look():
    while not done.is_set():
        (box.outside / "key").read_bytes()

with tempfile.TemporaryDirectory() as root:
    box, done = Box(Path(root)), threading.Event()
    box.fresh()
    thread = threading.Thread(target=look)
    thread.start()
    print(box.run("true", str(box.work), Analysis()).refused)
    done.set()
    thread.join()
"""


def test_what_others_open_meanwhile_is_not_put_down_to_the_line() -> None:
    assert tried(WATCHED) == "[]"
