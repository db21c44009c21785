"""The service files run the real command in the foreground and leave agents alone."""

import configparser
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from claudetted.sidecar import calling
from claudetted.sidecar.keeper.__main__ import TRY_AGAIN

CHECKOUT = Path(__file__).parents[1]
UNIT = CHECKOUT / "systemd/claudetted.service"
PLIST = CHECKOUT / "launchd/claudetted.plist"
KEEPER_UNIT = CHECKOUT / "systemd/claudetted-keeper.service"
KEEPER_PLIST = CHECKOUT / "launchd/claudetted-keeper.plist"
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


def test_the_keepers_unit_is_one_of_its_own_and_leaves_nothing() -> None:
    keeper, daemon = (configparser.ConfigParser(interpolation=None, strict=True) for _ in range(2))
    keeper.read_string(KEEPER_UNIT.read_text())
    daemon.read_string(UNIT.read_text())
    assert keeper["Service"]["ExecStart"] == f"%h/.local/bin/{COMMAND.name}-keeper"
    assert keeper["Service"]["KillMode"] == "mixed"
    assert keeper["Service"]["RestartPreventExitStatus"] == str(TRY_AGAIN)
    assert KEEPER_UNIT.name == calling.UNIT == daemon["Unit"]["Wants"] == daemon["Unit"]["After"]
    # Neither the daemon's end nor its restart may reach the keeper.
    assert not {"requires", "bindsto", "partof"} & set(daemon["Unit"])
    assert "PartOf" not in keeper["Unit"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """With the commands where they are now: systemd looks whether they exist."""
    for unit in (UNIT, KEEPER_UNIT):
        here = unit.read_text().replace("%h/.local/bin", str(COMMAND.parent))
        (tmp_path / unit.name).write_text(here)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", str(tmp_path / UNIT.name)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert COMMAND.name not in done.stderr


def test_the_plist_runs_the_daemon_in_the_foreground() -> None:
    job = plistlib.loads(PLIST.read_bytes())
    assert job["Label"] == "claudetted"
    assert job["ProgramArguments"][-1] == f'exec "$HOME/.local/bin/{COMMAND.name}"'
    assert job["RunAtLoad"] is True
    assert job["KeepAlive"] == {"SuccessfulExit": False}
    assert job["Umask"] == 0o077
    assert job["AbandonProcessGroup"] is True


def test_the_keepers_plist_runs_it_in_the_foreground() -> None:
    job = plistlib.loads(KEEPER_PLIST.read_bytes())
    assert job["Label"] == "claudetted-keeper"
    assert job["ProgramArguments"][-1] == f'exec "$HOME/.local/bin/{COMMAND.name}-keeper"'
    assert job["RunAtLoad"] is True
    assert job["KeepAlive"] == {"Crashed": True}
    assert job["Umask"] == 0o077
    assert "AbandonProcessGroup" not in job


def test_the_commands_that_they_run_are_installed() -> None:
    assert COMMAND.is_file()
    assert COMMAND.with_name("claudetted-keeper").is_file()
