"""Owns the commands about the daemon itself: status, shutdown, restart, rpc."""

from __future__ import annotations

import contextlib
import json
import time

from claudette_cli.client import daemon, finding
from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.commands.remote import INSECURE
from claudette_cli.exits import DONE, NO_DAEMON, USAGE, Disconnected, Failure
from claudette_cli.terminal.output import line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

SHUTDOWN_SECONDS = 30.0


def declare_status(parser: ArgumentParser) -> None:
    options.json(parser)


def run_status(arguments: Namespace) -> int:
    connection = finding.running()
    if connection is None:
        raise Failure("The daemon is not running; any command that needs it starts it.", NO_DAEMON)
    with connection:
        told = connection.request("daemon/status")
    if arguments.json:
        output().json(told)
        return DONE
    for name, value in (*_rows(told), *_troubles(told)):
        output().say(f"{output().paint(f'{name:<12}', 'dim')} {value}")
    return DONE


def _rows(told: Json) -> list[tuple[str, object]]:
    from claudette_cli.rendering.figures import ago, size

    return [
        ("version", told["version"]),
        ("process", f"{told['pid']}, started {ago(told['startedAt'], time.time())}"),
        ("socket", told["socket"]),
        ("data", told["dataDir"]),
        ("journal", size(told.get("journalBytes", 0))),
        ("chats", f"{told.get('chats', 0)}, {told.get('loadedChats', 0)} loaded"),
        ("agents", told.get("sidecars", 0)),
        ("clients", told.get("clients", 0)),
        ("waiting", f"{told.get('openPermissions', 0)} permissions, {_queued(told)} messages"),
        ("memory", f"{size(told.get('memory', 0))}, {told.get('descriptors', 0)} descriptors"),
        ("box", told.get("box") or f"none: {told.get('boxMissing', '')}"),
        *_troubles(told),
        *_remote(told),
        ("lag", f"{size(told.get('lag', 0))} to a client, {_writes(told)} writes to the disk"),
    ]


def _troubles(told: Json) -> list[tuple[str, object]]:
    if not (why := told.get("loginShell")):
        return []
    return [
        (
            "login shell",
            f"{why}; agents have the daemon's environment. Ask again: claudette env refresh",
        )
    ]


def _remote(told: Json) -> list[tuple[str, object]]:
    """The door for other machines while it is open, what is wrong with it, and who came through."""
    remote = told.get("remote")
    if remote is None:
        return []
    notes = [remote["url"], f"listening at {remote['listen']}"]
    if remote.get("insecure"):
        notes.append(output().paint(f"{INSECURE}", "red"))
    if remote.get("wrongAttempts"):
        notes.append(f"{remote['wrongAttempts']} wrong codes or tokens")
    notes += filter(None, [remote.get("fault")])
    devices = [
        ("device", f"{line(one['label'].removeprefix('device '))}, may {one['right']}")
        for one in told.get("connected", [])
        if one["label"].startswith("device ")
    ]
    return [("remote", "; ".join(notes)), *devices]


def _queued(told: Json) -> int:
    return int(told.get("queuedMessages", 0))


def _writes(told: Json) -> int:
    return int(told.get("writesWaiting", 0))


def declare_shutdown(parser: ArgumentParser) -> None:
    parser.add_argument("--agents", action="store_true", help="also end every running agent")
    options.json(parser)


def run_shutdown(arguments: Namespace) -> int:
    ended = shutdown(agents=arguments.agents)
    if arguments.json:
        output().json({"ended": ended})
    elif not ended:
        output().say("The daemon is not running.")
    return DONE


def shutdown(*, agents: bool) -> bool:
    """Ends the daemon and waits until its process is gone. False when none runs."""
    from claudette_cli.client import starting

    connection = finding.running()
    if connection is None:
        return False
    with connection:
        # It may close the connection before it has answered; its process tells the rest.
        with contextlib.suppress(Disconnected):
            connection.request("daemon/shutdown", {"agents": True} if agents else {})
        pid = connection.hello["pid"]
    if not starting.wait_gone(pid, SHUTDOWN_SECONDS):
        raise Failure(
            f"The daemon (pid {pid}) was asked to end {SHUTDOWN_SECONDS:.0f} s ago and still "
            "runs; look at its log, or end it with kill."
        )
    return True


def declare_restart(parser: ArgumentParser) -> None:
    parser.add_argument("--agents", action="store_true", help="also end every running agent")
    options.json(parser)


def run_restart(arguments: Namespace) -> int:
    shutdown(agents=arguments.agents)
    with daemon.connect() as connection:
        told = connection.request("daemon/status")
    if arguments.json:
        output().json(told)
    else:
        output().say(f"The daemon runs: version {told['version']}, pid {told['pid']}.")
    return DONE


def declare_rpc(parser: ArgumentParser) -> None:
    parser.add_argument("method", help="such as chat/list")
    parser.add_argument("params", nargs="?", help="JSON; - reads it from stdin")


def run_rpc(arguments: Namespace) -> int:
    from claudette_cli.commands.turns import text_of

    params: Any = None
    if arguments.params is not None:
        text = text_of("-") if arguments.params == "-" else arguments.params
        try:
            params = json.loads(text)
        except ValueError as error:
            raise Failure(f"The parameters are not JSON: {error}.", USAGE) from None
    with Daemon() as daemon:
        output().json(daemon.call(arguments.method, params))
    return DONE


VERBS = {
    "status": (declare_status, run_status),
    "shutdown": (declare_shutdown, run_shutdown),
    "restart": (declare_restart, run_restart),
    "rpc": (declare_rpc, run_rpc),
}
