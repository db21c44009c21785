"""Owns the service under systemd's user manager."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from claudette_cli.exits import Failure
from claudette_cli.service import door, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DAEMON, KEEPER, SOCKET = "claudetted.service", "claudetted-keeper.service", "claudetted.socket"
NAME = "systemd"
UNITS = (DAEMON, KEEPER, SOCKET)
DOOR = "claudetted-remote.socket"
"""Installed while the door for other machines is enabled."""
RUNTIME = Path("/run/user")
"""Where every user's manager has its socket."""


class Unreachable(Failure):
    """There is no user manager, or none for this session."""


def directory() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(base if os.path.isabs(base) else os.path.expanduser("~/.config")) / "systemd/user"


def wanted() -> dict[str, str]:
    """The units as they would be written now, by name."""
    place, variables = files.programs(), files.pinned(os.environ)
    units = {name: files.unit(files.template(NAME, name), place, variables) for name in UNITS}
    listen = door.listens_at()
    if listen is None and _has_door():
        units[DOOR] = (directory() / DOOR).read_text(encoding="utf-8")
    elif listen:
        units[DOOR] = files.template(NAME, DOOR).replace(door.SHIPPED, listen)
    return units


def installed() -> bool:
    return (directory() / DAEMON).is_file()


def drift() -> list[str]:
    """What the installed units say otherwise than they would if they were written now."""
    found = []
    should = wanted()
    for name, text in should.items():
        path = directory() / name
        if not path.is_file():
            found.append(f"{name} is missing")
            continue
        told = files.differences(path.read_text(encoding="utf-8"), text)
        found += [f"{name} {difference}" for difference in told]
        if (added := path.with_name(f"{name}.d")).is_dir():
            found += [f"{name} is changed by {one}" for one in sorted(added.glob("*.conf"))]
    if _has_door() and DOOR not in should:
        found.append(f"{DOOR} listens for a door that is disabled")
    return found


def door_drift() -> list[str]:
    """Of `drift`, what is about browsers and other machines."""
    return [one for one in drift() if one.startswith(DOOR)]


def close_door() -> None:
    """Listens for browsers and other machines no more."""
    if _has_door():
        control("disable", "--now", DOOR)
        files.remove(directory() / DOOR)
        control("daemon-reload")


def write() -> list[Path]:
    """Writes the units and has them read; nothing is started. Where there is no manager nothing is
    written either: nobody could remove it by a command."""
    control("show", "--property=Version")
    place = directory()
    should = wanted()
    if DOOR not in should:
        close_door()
    for name, text in should.items():
        files.write(place / name, text)
    control("daemon-reload")
    return [place / name for name in should]


def start() -> None:
    """From now on and at every login. Sockets come first: they refuse a service that runs."""
    control("stop", DAEMON)
    control("enable", DAEMON, *_sockets())
    control("restart", *_sockets())
    control("start", DAEMON)


def stop(*, agents: bool) -> None:
    control("stop", *_sockets(), DAEMON, *([KEEPER] if agents else []))


def restart() -> None:
    control("restart", DAEMON)


def remove(*, agents: bool) -> None:
    managed = not _has_no_manager()
    if managed:
        control("disable", DAEMON, *_sockets())
        stop(agents=agents)
    remove_files()
    if managed:
        control("daemon-reload")


def remove_files() -> None:
    """And nothing else: what runs goes on."""
    for name in (*UNITS, DOOR):
        for link in directory().glob(f"*.wants/{name}"):
            files.remove(link)
        files.remove(directory() / name)


def _has_no_manager() -> bool:
    """Where none runs none runs the service either. After su there is one, and it is only out of
    reach."""
    try:
        control("show", "--property=Version")
    except Unreachable:
        return not (RUNTIME / str(os.getuid()) / "systemd/private").exists()
    return False


def _has_door() -> bool:
    return (directory() / DOOR).is_file()


def _sockets() -> list[str]:
    return [SOCKET, DOOR] if _has_door() else [SOCKET]


def state() -> dict[str, Any]:
    """As the manager has it: whether it is enabled, whether it runs, and as which process."""
    shown = control("show", DAEMON, "--property=ActiveState,SubState,MainPID,UnitFileState,Result")
    told = dict(line.partition("=")[::2] for line in shown.splitlines() if "=" in line)
    return {
        "enabled": told.get("UnitFileState") == "enabled",
        "state": f"{told.get('ActiveState', '')} ({told.get('SubState', '')})",
        "running": told.get("ActiveState") == "active",
        "pid": int(told.get("MainPID") or 0) or None,
        "failed": "" if told.get("Result", "success") == "success" else told["Result"],
        "keeper": control("show", KEEPER, "--property=ActiveState", "--value").strip(),
    }


def log_command(lines: int, *, follow: bool) -> list[str]:
    units = [f"--user-unit={name}" for name in UNITS]
    return ["journalctl", *units, f"--lines={lines}", *(["--follow"] if follow else ["--no-pager"])]


def control(*words: str) -> str:
    """What systemctl says. Fails with its reason."""
    try:
        done = subprocess.run(["systemctl", "--user", *words], capture_output=True, text=True)
    except OSError as missing:
        raise Failure(f"systemctl cannot be run ({missing.strerror}); is systemd here?") from None
    if done.returncode == 0:
        return done.stdout
    why = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
    if "bus" in why or "not been booted" in why:
        raise Unreachable(
            f"Your systemd user manager cannot be reached ({why}). There is none in a container "
            "or after su; log in as this user, as with ssh. Without it the daemon starts by "
            "itself with the first command."
        )
    raise Failure(f"systemctl {' '.join(words)} failed: {why}. See: claudette service logs")


def linger() -> bool | None:
    """Whether the user's services outlive the last logout; None where nobody knows."""
    try:
        done = subprocess.run(
            ["loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value"],
            capture_output=True,
            text=True,
        )
    except OSError:
        return None
    return done.stdout.strip() == "yes" if done.returncode == 0 else None


def enable_linger() -> None:
    done = subprocess.run(["loginctl", "enable-linger"], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"Lingering was not enabled: {done.stderr.strip()}")
