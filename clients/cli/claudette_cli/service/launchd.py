"""Owns the service under macOS's launchd."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from claudette_cli.exits import Failure
from claudette_cli.service import files
from claudetted.protocol import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DAEMON, KEEPER = "claudetted", "claudetted-keeper"
NAME = "launchd"
JOBS = (KEEPER, DAEMON)
_NOT_LOADED = (3, 113)


def directory() -> Path:
    return Path(os.path.expanduser("~/Library/LaunchAgents"))


def _path(job: str) -> Path:
    return directory() / f"{job}.plist"


def wanted() -> dict[str, str]:
    """The jobs as they would be written now, by name."""
    place, variables = files.programs(), files.pinned(os.environ)
    return {
        job: files.plist(files.template(NAME, f"{job}.plist"), place, variables) for job in JOBS
    }


def installed() -> bool:
    return _path(DAEMON).is_file()


def drift() -> list[str]:
    """What the installed jobs say otherwise than they would if they were written now."""
    found = []
    for job, text in wanted().items():
        if not _path(job).is_file():
            found.append(f"{job} is missing")
            continue
        told = files.differences(_path(job).read_text(encoding="utf-8"), text)
        found += [f"{job} {difference}" for difference in told]
    return found


def door_drift() -> list[str]:
    """None: the daemon, which launchd keeps running, listens for other machines itself."""
    return []


def close_door() -> None:
    """Nothing to close, for the same reason."""


def write() -> list[Path]:
    """Writes the jobs; nothing is started."""
    for job, text in wanted().items():
        files.write(_path(job), text)
    return [_path(job) for job in JOBS]


def start() -> None:
    """From now on and at every login. A keeper that is loaded stays, with its agents."""
    if not _is_loaded(KEEPER):
        control("bootstrap", _domain(), str(_path(KEEPER)))
    if _is_loaded(DAEMON):
        control("bootout", f"{_domain()}/{DAEMON}")
    control("bootstrap", _domain(), str(_path(DAEMON)))


def stop(*, agents: bool) -> None:
    for job in (DAEMON, KEEPER) if agents else (DAEMON,):
        if _is_loaded(job):
            control("bootout", f"{_domain()}/{job}")


def restart() -> None:
    control("kickstart", "-k", f"{_domain()}/{DAEMON}")


def remove(*, agents: bool) -> None:
    stop(agents=agents)
    remove_files()


def remove_files() -> None:
    """And nothing else: what runs goes on."""
    for job in JOBS:
        files.remove(_path(job))


def state() -> dict[str, Any]:
    """As launchd has it."""
    shown = control("print", f"{_domain()}/{DAEMON}") if _is_loaded(DAEMON) else ""
    pid = re.search(r"^\s*pid = (\d+)", shown, re.MULTILINE)
    exit_code = re.search(r"last exit code = (\d+)", shown)
    return {
        "enabled": bool(shown),
        "state": "running" if pid else "loaded" if shown else "not loaded",
        "running": pid is not None,
        "pid": int(pid[1]) if pid else None,
        "failed": exit_code[0] if exit_code and exit_code[1] != "0" else "",
        "keeper": "active" if _is_loaded(KEEPER) else "inactive",
    }


def log_command(lines: int, *, follow: bool) -> list[str]:
    """launchd has no journal: what the daemon logged itself."""
    return ["tail", "-n", str(lines), *(["-F"] if follow else []), str(places.log_dir() / _LOG)]


_LOG = "claudetted.log"


def linger() -> None:
    """Agents of launchd live as long as the login session, and there is no other way."""
    return


def enable_linger() -> None:
    raise Failure("macOS has no lingering: a launch agent ends with the login session.")


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _is_loaded(job: str) -> bool:
    return _launchctl("print", f"{_domain()}/{job}").returncode not in _NOT_LOADED


def control(*words: str) -> str:
    """What launchctl says. Fails with its reason."""
    done = _launchctl(*words)
    if done.returncode:
        why = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
        raise Failure(f"launchctl {' '.join(words)} failed: {why}")
    return done.stdout


def _launchctl(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["launchctl", *words], capture_output=True, text=True)
    except OSError as missing:
        raise Failure(f"launchctl cannot be run ({missing.strerror}).") from None
