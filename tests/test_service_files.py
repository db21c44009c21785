"""The service files run the real command in the foreground and leave agents alone."""

import configparser
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
UNIT = CHECKOUT / "systemd/claudetted.service"
PLIST = CHECKOUT / "launchd/claudetted.plist"
COMMAND = Path(sys.executable).with_name("claudetted")


def test_the_unit_runs_the_daemon_in_the_foreground() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read_string(UNIT.read_text())
    service = unit["Service"]
    assert service["ExecStart"] == f"%h/.local/bin/{COMMAND.name}"
    assert service["Type"] == "exec"
    assert service["KillMode"] == "process"
    assert service["UMask"] == "0077"
    assert unit["Install"]["WantedBy"] == "default.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """With the command where it is now: systemd looks whether it exists."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace(f"%h/.local/bin/{COMMAND.name}", f'"{COMMAND}"'))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert UNIT.name not in done.stderr


def test_the_plist_runs_the_daemon_in_the_foreground() -> None:
    job = plistlib.loads(PLIST.read_bytes())
    assert job["Label"] == "claudetted"
    assert job["ProgramArguments"][-1] == f'exec "$HOME/.local/bin/{COMMAND.name}"'
    assert job["RunAtLoad"] is True
    assert job["KeepAlive"] == {"SuccessfulExit": False}
    assert job["Umask"] == 0o077
    assert job["AbandonProcessGroup"] is True


def test_the_command_that_they_run_is_installed() -> None:
    assert COMMAND.is_file()
