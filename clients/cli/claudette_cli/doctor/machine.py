"""Owns what the doctor looks at without a daemon: installation, directories, processes, service."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from pathlib import Path

from claudette_cli.client import finding as running, versions
from claudette_cli.doctor.finding import NOTE, OK, PROBLEM, Finding
from claudette_cli.exits import Failure
from claudette_cli.service.command import manager
from claudetted import __version__
from claudetted.protocol import places
from claudetted.wire import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LITTLE_DISK = 500 * 1024 * 1024
_INSTANCE = ("CLAUDETTED_DATA_DIR", "CLAUDETTED_RUNTIME_DIR")


def look() -> Iterator[Finding]:
    yield _program()
    yield _on_path()
    yield from _directories()
    yield _disk()
    yield _socket()
    yield from _other_instances()
    yield from _service()
    yield from _surroundings()


def _program() -> Finding:
    python = platform.python_version()
    where = f"{sys.executable}, Python {python}, {platform.system()} {platform.release()}"
    return Finding("version", OK, f"{__version__} at {where}")


def _on_path() -> Finding:
    own = os.path.realpath(Path(sys.executable).with_name("claudette"))
    first = shutil.which("claudette")
    if first is None:
        place = os.path.dirname(own)
        return Finding("PATH", NOTE, "claudette is not on PATH", f"add {place} to PATH")
    if os.path.realpath(first) != own:
        said = f"the first claudette on PATH is another installation: {first}"
        return Finding("PATH", NOTE, said, "remove one of them, or change the order of PATH")
    return Finding("PATH", OK, first)


def _directories() -> Iterator[Finding]:
    for name, place in (
        ("data", places.data_dir()),
        ("runtime", places.runtime_dir()),
        ("log", places.log_dir()),
    ):
        yield _directory(name, place)


def _directory(name: str, place: Path) -> Finding:
    try:
        found = place.stat()
    except FileNotFoundError:
        return Finding(name, OK, f"{place} is not there yet")
    except OSError as fault:
        return Finding(name, PROBLEM, f"{place} cannot be used: {fault.strerror}", "make it yours")
    if found.st_uid != os.geteuid():
        return Finding(name, PROBLEM, f"{place} is another user's", f"chown it: {place}")
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(name, PROBLEM, f"{place} cannot be written", f"chmod u+rwx {place}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        return Finding(
            name,
            PROBLEM,
            f"{place} can be entered by other users",
            f"chmod 700 {place}",
            lambda: place.chmod(0o700),
        )
    return Finding(name, OK, str(place))


def _disk() -> Finding:
    place = places.data_dir()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{free // (1024 * 1024):,} MB free beside the data"
    if free < _LITTLE_DISK:
        return Finding("disk", PROBLEM, said, "see what is used: claudette du")
    return Finding("disk", OK, said)


def _socket() -> Finding:
    """The lock file tells of the last daemon."""
    told = running.told_of_itself()
    if told is None:
        return Finding("daemon", OK, "does not run; the first command starts it")
    pid = int(told.get("pid", 0))
    if not running.alive(pid):
        said = f"the last one (pid {pid}) ended without a goodbye; the next goes on where it was"
        return Finding("daemon", NOTE, said)
    try:
        connection = running.running()
    except Failure as failure:
        return Finding("daemon", PROBLEM, failure.message)
    if connection is None:
        said = f"pid {pid} runs and does not answer at {told['socket']}"
        return Finding("daemon", PROBLEM, said, f"look at its log, or end it: kill {pid}")
    connection.close()
    version = told.get("version", __version__)
    if version != __version__:
        said = f"pid {pid} is of version {version} and this command of {__version__}"
        if versions.is_newer(version):
            return Finding("daemon", PROBLEM, said, versions.advice(newer=True))
        return Finding("daemon", PROBLEM, said, "claudette restart", _restart)
    return Finding("daemon", OK, f"pid {pid} at {told['socket']}")


def _restart() -> None:
    from claudette_cli.client import daemon
    from claudette_cli.commands.daemon import shutdown

    shutdown(agents=False)
    daemon.connect().close()


def _other_instances() -> Iterator[Finding]:
    """Daemons and keepers of this user that belong to other data, where /proc tells."""
    own = str(places.runtime_dir())
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if entry.stat().st_uid != os.geteuid():
                continue
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it ended while we looked
        if any(word.endswith("claudetted/sidecar/keeper") for word in words):
            place = next((word for word in words if word.endswith("keeper.sock")), "")
            if place and os.path.dirname(place) != own:
                yield _another(entry, place)


def _another(entry: Path, place: str) -> Finding:
    said = f"pid {entry.name} keeps agents of another data directory, at {place}"
    if os.path.exists(place):
        return Finding("instances", NOTE, said)
    return Finding(
        "instances", PROBLEM, f"{said}, which is gone", f"nothing can reach it: kill {entry.name}"
    )


def _service() -> Iterator[Finding]:
    here = manager()
    if any(os.environ.get(name) for name in _INSTANCE):
        return
    if not here.installed():
        advice = "to start it at login: claudette service install"
        yield Finding("service", OK, "not installed", advice)
        return
    if drift := here.drift():
        yield Finding(
            "service", PROBLEM, f"differs: {'; '.join(drift)}", "claudette service install", _anew
        )
    try:
        state = here.state()
    except Failure as failure:
        yield Finding("service", PROBLEM, failure.message)
        return
    if state["failed"] or not state["enabled"]:
        said = f"{state['state']}, {'enabled' if state['enabled'] else 'not enabled'}"
        yield Finding("service", PROBLEM, said, "claudette service install", _anew)
    elif not drift:
        yield Finding("service", OK, state["state"])
    if here.linger() is False:
        said = "the service ends with your last logout"
        yield Finding("linger", NOTE, said, "loginctl enable-linger")


def _anew() -> None:
    manager().write()
    manager().start()


def _surroundings() -> Iterator[Finding]:
    if not streams.is_utf8(sys.stdout.encoding):
        said = f"the terminal's encoding is {sys.stdout.encoding}: not every character can be shown"
        yield Finding("locale", NOTE, said, "set LANG to one with UTF-8, such as C.UTF-8")
    if sys.platform == "linux" and not os.environ.get("XDG_RUNTIME_DIR"):
        said = f"XDG_RUNTIME_DIR is not set; the sockets are in {places.runtime_dir()}"
        yield Finding("session", NOTE, said, "log in as this user, instead of with su or sudo")
