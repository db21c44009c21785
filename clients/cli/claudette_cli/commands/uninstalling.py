"""Owns the command `uninstall`: ends what runs, removes the service and, if wanted, the data.

The program itself is its installer's to remove: no installer runs anything of ours for it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import sys
from contextlib import contextmanager
from pathlib import Path

from claudette_cli.client import daemon, finding
from claudette_cli.commands import options
from claudette_cli.commands.daemon import shutdown
from claudette_cli.exits import DONE, Failure
from claudette_cli.terminal.output import attended, line, output
from claudetted.protocol import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    Json = dict[str, Any]

_OF_DATA = (
    *("claudetted.*", "config.toml*", "chats", "harness", "drafts"),
    *("private_keys.json*", "push_keys.json*", "hosts.json*"),
)
_OF_LOG = ("claudetted.log*", "claudetted.crash")
_OF_RUNTIME = ("claudetted.*", "keeper.sock*", "runtime.lock", "scratch")


def declare_uninstall(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--data", action="store_true", help="also delete all chats, settings and logs; asks first"
    )
    parser.add_argument("--yes", action="store_true", help="with --data: do not ask")
    options.json(parser)


def run_uninstall(arguments: Namespace) -> int:
    if os.environ.get("CLAUDETTED_CHAT"):
        raise Failure("A command of an agent cannot uninstall: run claudette outside of the chat.")
    if host := finding.elsewhere():
        raise Failure(f"Uninstall what is on {host} there, or unset CLAUDETTE_HOST.")
    if arguments.data and not arguments.yes:
        _ask_for_data()
    ended = _end()
    service = _remove_service()
    removed = _remove_data() if arguments.data else []
    kept = arguments.data and places.data_dir().exists()
    told: Json = {
        "ended": ended,
        "service": service,
        "removed": removed,
        "kept": kept,
        "dataDir": str(places.data_dir()),
        "logDir": str(places.log_dir()),
        "next": next_command(sys.prefix, sys.executable),
    }
    if arguments.json:
        output().json(told)
    else:
        _tell(told)
    return DONE


def _tell(told: Json) -> None:
    ended = told["ended"]
    output().say("The daemon and its agents have ended." if ended else "Nothing was running.")
    if told["service"]:
        output().say(f"The service is removed from {line(told['service'])}")
    for path in told["removed"]:
        output().say(f"Deleted {line(path)}")
    if told["kept"]:
        output().say(f"Your chats, settings and logs are deleted. {line(told['dataDir'])} stays:")
        output().say("it holds files that are not claudetted's.")
    elif not Path(told["dataDir"]).exists():
        if not told["removed"]:
            output().say(f"There are no chats and settings in {line(told['dataDir'])}.")
    else:
        output().say(f"Your chats and settings stay in {line(told['dataDir'])}, the log in")
        output().say(f"{line(told['logDir'])}. To delete both: claudette uninstall --data")
    output().say("Private keys in the system's keychain stay there, under the name claudetted.")
    output().say(f"To remove the program: {line(told['next'])}")


def next_command(prefix: str, python: str) -> str:
    """What removes the installation that lives at a prefix. Pure."""
    parts = Path(prefix).parts
    for tool, inside, command in (
        ("pipx", "venvs", "pipx uninstall"),
        ("uv", "tools", "uv tool uninstall"),
    ):
        if (tool, inside) == parts[-3:-1]:
            return f"{command} {parts[-1]}"
    return f"{python} -m pip uninstall claudetted"


def _ask_for_data() -> None:
    if not attended():
        raise Failure("--data deletes every chat; without a terminal to ask on, add --yes.")
    question = f"Delete all chats, settings and logs in {line(str(places.data_dir()))}? [y/N] "
    if input(question).strip().lower() not in ("y", "yes"):
        raise Failure("Nothing was ended or deleted.")


def _end() -> bool:
    """The daemon, the keeper and every agent. A keeper without a daemon gets one that ends it."""
    if shutdown(agents=True):
        return True
    if not _answers(places.keeper_socket_path()):
        return False
    daemon.connect().close()
    return shutdown(agents=True)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as peer:
        return peer.connect_ex(os.fspath(path)) == 0


def _remove_service() -> str:
    """Where the service's files were, if there is one and it is for this data directory."""
    from claudette_cli.service import command, files

    if files.names_other_instance() or not command.manager().installed():
        return ""
    command.manager().remove(agents=True)
    return str(command.manager().directory())


def _remove_data() -> list[str]:
    """What is ours in our directories; a directory goes when nothing else is left in it."""
    data = places.data_dir()
    if not data.is_dir():
        return []
    with _kept_from_others(data):
        for directory, patterns in (
            (places.runtime_dir(), _OF_RUNTIME),
            (places.log_dir(), _OF_LOG),
            (data, _OF_DATA),
        ):
            _remove_within(directory, patterns)
    gone = [places.runtime_dir(), places.log_dir(), data]
    return [str(directory) for directory in gone if not directory.exists()]


@contextmanager
def _kept_from_others(data: Path) -> Iterator[None]:
    """No daemon starts meanwhile."""
    lock = os.open(places.lock_path(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Failure(f"A daemon uses {data} again; run the command once more.") from None
    finally:
        os.close(lock)


def _remove_within(directory: Path, patterns: tuple[str, ...]) -> None:
    try:
        for pattern in patterns:
            for path in directory.glob(pattern):
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        if directory.is_dir() and not directory.is_symlink() and not any(directory.iterdir()):
            directory.rmdir()
    except OSError as fault:
        raise Failure(f"{fault.filename} could not be deleted: {fault.strerror}.") from None


VERBS = {"uninstall": (declare_uninstall, run_uninstall)}
