"""The service files run the real command in the foreground and leave agents alone."""

import configparser
import os
import plistlib
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from claudette_cli.service import door, systemd
from claudetted.protocol import places
from claudetted.protocol.remote import DEFAULT_LISTEN
from claudetted.sidecar import keeper_launch
from claudetted.sidecar.keeper.__main__ import TRY_AGAIN

CHECKOUT = Path(__file__).parents[1]
UNIT = CHECKOUT / "systemd/claudetted.service"
PLIST = CHECKOUT / "launchd/claudetted.plist"
KEEPER_UNIT = CHECKOUT / "systemd/claudetted-keeper.service"
SOCKET_UNIT = CHECKOUT / "systemd/claudetted.socket"
DOOR_UNIT = CHECKOUT / "systemd/claudetted-remote.socket"
KEEPER_PLIST = CHECKOUT / "launchd/claudetted-keeper.plist"
COMMAND = Path(sys.executable).with_name("claudetted")


def test_the_unit_runs_the_daemon_in_the_foreground() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read_string(UNIT.read_text())
    service = unit["Service"]
    assert service["ExecStart"] == f"%h/.local/bin/{COMMAND.name}"
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) > 10
    assert service["KillMode"] == "process"
    assert service["UMask"] == "0077"
    assert unit["Install"]["WantedBy"] == "default.target"


def test_the_keepers_unit_is_one_of_its_own_and_leaves_nothing() -> None:
    keeper, daemon = (configparser.ConfigParser(interpolation=None, strict=True) for _ in range(2))
    keeper.read_string(KEEPER_UNIT.read_text())
    daemon.read_string(UNIT.read_text())
    assert keeper["Service"]["ExecStart"] == f"%h/.local/bin/{COMMAND.name}-keeper"
    assert keeper["Service"]["KillMode"] == "mixed"
    assert keeper["Service"]["OOMPolicy"] == "continue"
    assert keeper["Service"]["RestartPreventExitStatus"] == str(TRY_AGAIN)
    assert (
        KEEPER_UNIT.name == keeper_launch.UNIT == daemon["Unit"]["Wants"] == daemon["Unit"]["After"]
    )
    # Neither the daemon's end nor its restart may reach the keeper.
    assert not {"requires", "bindsto", "partof"} & set(daemon["Unit"])
    assert "PartOf" not in keeper["Unit"]


def test_the_socket_is_where_clients_look(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.read_string(SOCKET_UNIT.read_text())
    for name in ("CLAUDETTED_DATA_DIR", "CLAUDETTED_RUNTIME_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    user = pwd.getpwuid(os.getuid())
    monkeypatch.setenv("HOME", user.pw_dir)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    if sys.platform == "linux":
        stream = unit["Socket"]["ListenStream"].replace("%t", "/run/user/7")
        assert stream == str(places.socket_path())
    assert unit["Socket"]["SocketMode"] == "0600"


def test_the_socket_for_browsers_starts_the_same_service_where_it_listens_by_itself() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.read_string(DOOR_UNIT.read_text())
    assert unit["Socket"]["Service"] == UNIT.name
    assert unit["Socket"]["ListenStream"] == door.SHIPPED == DEFAULT_LISTEN
    # A daemon that listens by itself does so at its own kind of address alone.
    assert unit["Socket"]["BindIPv6Only"] == "ipv6-only"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """As they are installed: systemd looks whether the commands exist."""
    for name, text in systemd.wanted().items():
        (tmp_path / name).write_text(text)
    (tmp_path / DOOR_UNIT.name).write_text(DOOR_UNIT.read_text())
    verified = [str(tmp_path / name) for name in (UNIT.name, DOOR_UNIT.name)]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *verified],
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
