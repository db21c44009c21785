"""What a daemon was asking when it was killed is ended by the next, and nothing else is."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trio

from claudetted.protocol import places
from claudetted.sidecar import asked, capture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing is recorded elsewhere")

HANGS = ["/bin/sh", "-c", "sleep 60 & echo; wait"]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDETTED_RUNTIME_DIR", str(tmp_path))
    return places.asked_dir()


@pytest.fixture
def hanging() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(HANGS, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout and process.stdout.readline() == b"\n"
        yield process
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def is_killed(process: subprocess.Popen[bytes]) -> None:
    """With what it has started, which has its output open."""
    assert process.wait() == -signal.SIGKILL
    assert process.stdout and process.stdout.read() == b""


def test_what_was_asked_is_ended_with_what_it_has_started(
    runtime: Path, hanging: subprocess.Popen[bytes]
) -> None:
    never_over = asked.recorded(hanging.pid)
    never_over.__enter__()
    asked.end_left()
    is_killed(hanging)
    assert os.listdir(runtime) == []


def test_another_process_of_the_same_number_goes_on(
    runtime: Path, hanging: subprocess.Popen[bytes]
) -> None:
    with asked.recorded(hanging.pid):
        (entry,) = runtime.iterdir()
        entry.rename(runtime / f"{hanging.pid}-1")
        asked.end_left()
        assert os.listdir(runtime) == []
    assert hanging.poll() is None


@pytest.mark.parametrize("name", ["", "odd", "0-None", "-1-1", "1-"])
def test_without_a_record_nothing_is_ended(runtime: Path, name: str) -> None:
    if name:
        runtime.mkdir()
        (runtime / name).touch()
    asked.end_left()
    assert not name or os.listdir(runtime) == []


async def test_a_program_is_recorded_as_long_as_it_is_asked(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def look(process: trio.Process) -> bytes:
        seen.extend(os.listdir(runtime))
        return b""

    monkeypatch.setattr(capture, "_whole", look)
    await capture.ran(["true"], {"PATH": os.defpath}, 60)
    assert len(seen) == 1
    assert os.listdir(runtime) == []


async def test_where_nothing_can_be_recorded_it_is_asked_all_the_same(runtime: Path) -> None:
    runtime.touch()  # noqa: ASYNC240
    assert await capture.said_by(["echo", "told"], {"PATH": os.defpath}, 60) == b"told\n"
