"""A harness runs from a copy of its own, and where it is when there is no room for one."""

from pathlib import Path

import pytest

from claudetted.daemon import launching
from claudetted.daemon.launching import Launching
from claudetted.sidecar import staging


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    executable = tmp_path / "package/pi-harness/claudette-pi-harness"
    executable.parent.mkdir(parents=True)
    (executable.parent / staging.STAMP).write_text("one")
    executable.write_text("#!/bin/sh\n")
    executable.chmod(0o755)
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(executable))
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(tmp_path / "data"))
    return executable


async def started() -> Path:
    async def login() -> dict[str, str]:
        return {"HOME": "/nowhere"}

    return Path((await Launching(login, login).launch_control()).argv[0])


async def test_it_runs_from_a_copy(harness: Path) -> None:
    copy = await started()
    assert copy.is_relative_to(launching.copies())
    assert copy.parts[-2:] == harness.parts[-2:]


async def test_without_room_for_a_copy_it_runs_where_it_is(
    harness: Path, caplog: pytest.LogCaptureFixture
) -> None:
    launching.copies().parent.mkdir()
    launching.copies().write_text("in the way")
    assert await started() == harness
    assert "without a copy of its own: File exists" in caplog.text
