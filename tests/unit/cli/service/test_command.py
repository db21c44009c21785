"""The command `service`, with a service manager that writes down what it is told."""

import errno
import json
import os
import sys
from pathlib import Path

import pytest

from claudette_cli import exits
from claudette_cli.main import main
from claudette_cli.service import command, door, launchd, systemd

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="launchd has other words")

SYSTEMCTL = """#!/bin/sh
echo "$@" >> "{log}"
case "$*" in
*"show claudetted.service"*)
    printf 'ActiveState=active\\nSubState=running\\nMainPID=42\\nUnitFileState=enabled\\n' ;;
*"show claudetted-keeper"*) echo active ;;
*"{broken}"*) echo "Failed to connect to bus: No medium found" >&2; exit 1 ;;
esac
"""


class Manager:
    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._log = place / "told"
        self._program = place / "bin/systemctl"
        self._program.parent.mkdir()
        self.units = place / "config/systemd/user"
        (place / "bin/loginctl").write_text("#!/bin/sh\necho no\n")
        (place / "bin/loginctl").chmod(0o755)
        self.breaks("no such words")
        for name in ("CLAUDETTED_DATA_DIR", "CLAUDETTED_RUNTIME_DIR"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(place))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(place / "config"))
        monkeypatch.setenv("XDG_DATA_HOME", str(place / "data"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(place / "run"))
        monkeypatch.setenv("PATH", f"{place / 'bin'}:{os.environ['PATH']}")

    def breaks(self, words: str) -> None:
        self._program.write_text(SYSTEMCTL.format(log=self._log, broken=words))
        self._program.chmod(0o755)

    @property
    def told(self) -> list[str]:
        """Without the option that chooses the user's manager, and without questions."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        assert all(line.startswith("--user ") for line in lines)
        self._log.unlink(missing_ok=True)
        return [line[7:] for line in lines if " show " not in line]


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Manager:
    return Manager(tmp_path, monkeypatch)


def test_it_is_installed_shown_and_removed(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["service"]) == exits.FAILED
    assert "claudette service install" in capsys.readouterr().out
    assert main(["service", "restart"]) == exits.FAILED
    assert manager.told == []
    assert main(["service", "install"]) == exits.DONE
    said = capsys.readouterr().out
    assert "active (running), pid 42" in said
    assert "loginctl enable-linger" in said and "differs" not in said
    assert manager.told == [
        "daemon-reload",
        "stop claudetted.service",
        "enable claudetted.service claudetted.socket",
        "restart claudetted.socket",
        "start claudetted.service",
    ]
    unit = manager.units / systemd.DAEMON
    assert f"ExecStart={Path(sys.executable).parent}/claudetted" in unit.read_text()
    unit.write_text(unit.read_text().replace("WatchdogSec=60", "WatchdogSec=5"))
    capsys.readouterr()
    assert main(["service", "--json"]) == exits.DONE
    told = json.loads(capsys.readouterr().out)
    assert told["drift"] == [
        "claudetted.service lacks WatchdogSec=60",
        "claudetted.service has WatchdogSec=5",
    ]
    assert main(["service", "uninstall"]) == exits.DONE
    assert manager.told == [
        "disable claudetted.service claudetted.socket",
        "stop claudetted.socket claudetted.service",
        "daemon-reload",
    ]
    assert list(manager.units.iterdir()) == []


class Door:
    """The daemon's door: what a daemon says of it that the tests of `install` have none of."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.listen: str | None = ""
        monkeypatch.setattr(door, "listens_at", lambda: self.listen)


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Door:
    return Door(monkeypatch)


def test_its_socket_for_browsers_follows_the_door(
    manager: Manager, listening: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["service", "install"])
    assert not (manager.units / systemd.DOOR).exists()
    listening.listen = "[::1]:7000"
    assert systemd.door_drift() == [f"{systemd.DOOR} is missing"]
    main(["service", "install"])
    unit = (manager.units / systemd.DOOR).read_text()
    assert "\nListenStream=[::1]:7000\n" in unit
    assert systemd.drift() == []
    assert f"restart claudetted.socket {systemd.DOOR}" in manager.told
    # Without a daemon nobody knows, and what is there stays.
    listening.listen = None
    main(["service", "install"])
    assert (manager.units / systemd.DOOR).read_text() == unit and systemd.drift() == []
    listening.listen = ""
    assert systemd.drift() == [f"{systemd.DOOR} listens for a door that is disabled"]
    manager.told.clear()
    main(["service", "install"])
    assert f"disable --now {systemd.DOOR}" in manager.told
    assert not (manager.units / systemd.DOOR).exists()


def test_a_door_that_is_known_only_once_the_daemon_runs_is_installed_too(
    manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = manager.units.parents[2] / "told"
    monkeypatch.setattr(
        door,
        "listens_at",
        lambda: (
            "127.0.0.1:7433"
            if started.exists() and "\n--user start" in started.read_text()
            else None
        ),
    )
    main(["service", "install"])
    assert (manager.units / systemd.DOOR).exists()
    assert manager.told[-2:] == [
        f"restart claudetted.socket {systemd.DOOR}",
        f"start {systemd.DAEMON}",
    ]


def test_agents_are_ended_only_when_that_is_asked_for(manager: Manager) -> None:
    main(["service", "install"])
    manager.told.clear()
    main(["service", "stop"])
    main(["service", "stop", "--agents"])
    stops = [line for line in manager.told if line.startswith("stop")]
    assert [systemd.KEEPER in line for line in stops] == [False, True]


def test_a_manager_that_is_not_there_is_one_sentence(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    manager.breaks("daemon-reload")
    assert main(["service", "install"]) == exits.FAILED
    said = capsys.readouterr().err
    assert "user manager cannot be reached" in said and "log in as this user" in said


def test_an_installation_without_a_manager_leaves_nothing(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    manager.breaks("--user")
    assert main(["service", "install"]) == exits.FAILED
    assert "user manager cannot be reached" in capsys.readouterr().err
    assert not manager.units.exists()
    assert main(["service"]) == exits.FAILED
    assert "not installed" in capsys.readouterr().out


@pytest.mark.parametrize("words", ["daemon-reload", "enable", "restart", "start", "able", "stop"])
def test_an_installation_that_fails_leaves_nothing(
    manager: Manager, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    manager.breaks(f"--user {words}" if words != "able" else words)
    assert main(["service", "install"]) == exits.FAILED
    said = capsys.readouterr().err
    assert "No medium found" in said and said.endswith("with the first command.\n")
    assert list(manager.units.iterdir()) == []


def test_an_installation_that_fails_leaves_a_service_that_was_there(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["service", "install"])
    manager.breaks("enable")
    assert main(["service", "install"]) == exits.FAILED
    assert "claudette service uninstall" in capsys.readouterr().err
    assert systemd.installed() and systemd.drift() == []


def test_an_installation_with_launchd_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Manager(tmp_path, monkeypatch)
    monkeypatch.setattr(command, "manager", lambda: launchd)
    program = tmp_path / "bin/launchctl"
    program.write_text(
        "#!/bin/sh\n[ $1 = print ] && exit 113\necho 'Bootstrap failed: 5' >&2; exit 5\n"
    )
    program.chmod(0o755)
    assert main(["service", "install"]) == exits.FAILED
    assert "Bootstrap failed: 5" in capsys.readouterr().err
    assert list(launchd.directory().iterdir()) == []


def test_units_are_removed_where_no_manager_runs(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a container that got its home from elsewhere."""
    main(["service", "install"])
    (wants := manager.units / "default.target.wants").mkdir()
    (wants / systemd.DAEMON).symlink_to(manager.units / systemd.DAEMON)
    manager.breaks("--user")
    runtime = manager.units.parents[2] / "user"
    private = runtime / str(os.getuid()) / "systemd/private"
    monkeypatch.setattr(systemd, "RUNTIME", runtime)
    private.parent.mkdir(parents=True)
    private.touch()
    # It may run the service, and is only out of reach.
    assert main(["service", "uninstall"]) == exits.FAILED
    assert "log in as this user" in capsys.readouterr().err
    assert (manager.units / systemd.DAEMON).exists()
    private.unlink()
    assert main(["service", "uninstall"]) == exits.DONE
    assert [path for path in manager.units.rglob("*") if not path.is_dir()] == []


def test_units_that_cannot_be_written_are_one_sentence(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    manager.units.parent.mkdir(parents=True)
    manager.units.touch()
    assert main(["service", "install"]) == exits.FAILED
    said = capsys.readouterr().err
    assert f"{manager.units / systemd.DAEMON} cannot be written" in said


def test_units_that_cannot_be_removed_are_one_sentence(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["service", "install"])
    stuck = manager.units / systemd.KEEPER
    stuck.unlink()
    stuck.mkdir()
    assert main(["service", "uninstall"]) == exits.FAILED
    assert f"{stuck} cannot be removed" in capsys.readouterr().err


def test_a_unit_is_written_whole_or_not_at_all(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["service", "install"])
    unit = manager.units / systemd.DAEMON
    before = unit.read_text()

    def write_half(path: Path, text: str, encoding: str) -> None:
        with path.open("w", encoding=encoding) as file:
            file.write(text[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", write_half)
    assert main(["service", "install"]) == exits.FAILED
    assert "No space left on device" in capsys.readouterr().err
    assert unit.read_text() == before
    assert {path.name for path in manager.units.iterdir()} == set(systemd.UNITS)
