"""Owns the command `service`: installs, removes and shows the service that keeps the daemon."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from claudette_cli.client import finding
from claudette_cli.commands import options
from claudette_cli.commands.daemon import shutdown
from claudette_cli.exits import DONE, FAILED, Failure
from claudette_cli.service import files, systemd
from claudette_cli.terminal.output import attended, line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path
    from types import ModuleType
    from typing import Any

    Json = dict[str, Any]

_VERBS = {
    "install": "write the service files of this installation, enable and start them",
    "uninstall": "stop the service and remove its files; data and agents stay",
    "status": "show whether it is installed, runs, and is as it would be installed now (default)",
    "start": "start the service",
    "stop": "stop the service; agents go on",
    "restart": "restart the daemon; agents go on",
    "logs": "show what the service manager has logged",
}
_ENDS_AGENTS = ("uninstall", "stop")
_LINGER = (
    "Without lingering your services end with your last logout, agents included. "
    "`loginctl enable-linger` keeps them, also from boot on."
)


def declare_service(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="|".join(_VERBS))
    for name, summary in _VERBS.items():
        verb = verbs.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if name in _ENDS_AGENTS:
            verb.add_argument("--agents", action="store_true", help="also end every running agent")
        if name == "install":
            verb.add_argument(
                "--linger", action="store_true", help="also let it outlive the last logout"
            )
        if name == "logs":
            verb.add_argument("-f", "--follow", action="store_true", help="print new lines too")
            verb.add_argument(
                "-n", "--lines", type=options.how_many, default=100, help="how many (100)"
            )
        else:
            options.json(verb)
    options.json(parser)


def run_service(arguments: Namespace) -> int:
    acts = {"install": _install, "uninstall": _uninstall, "logs": _logs}
    files.refuse_other_instances()
    act = arguments.verb or "status"
    if act in acts:
        return acts[act](arguments)
    if act != "status":
        _need_installed()
        if act == "stop":
            manager().stop(agents=arguments.agents)
        else:
            {"start": manager().start, "restart": manager().restart}[act]()
    return _show(arguments)


def manager() -> ModuleType:
    """What runs services here."""
    if sys.platform == "darwin":
        from claudette_cli.service import launchd

        return launchd
    return systemd


def status() -> Json:
    """Everything known of the service. Fails where the manager cannot be asked."""
    here = manager()
    if not here.installed():
        return {"manager": here.NAME, "installed": False}
    told: Json = {"manager": here.NAME, "installed": True, "directory": str(here.directory())}
    return told | dict(here.state()) | {"drift": here.drift(), "linger": here.linger()}


def _install(arguments: Namespace) -> int:
    here = manager()
    here.wanted()
    before = here.installed()
    try:
        written = _put_in_place(here)
    except Failure as failure:
        raise Failure(f"{failure} {_taken_back(here, before)}", failure.code) from None
    if not arguments.json:
        for path in written:
            output().say(f"wrote {line(str(path))}")
    if here.linger() is False and (arguments.linger or _wants_linger(arguments)):
        here.enable_linger()
    return _show(arguments)


def _put_in_place(here: ModuleType) -> list[Path]:
    written: list[Path] = here.write()
    _end_daemon()
    here.start()
    if here.door_drift():
        # Where browsers come in is known to a daemon that runs, and none did.
        written = here.write()
        here.start()
    return written


def _taken_back(here: ModuleType, before: bool) -> str:
    """What stays of an installation that failed: all of a service that was there before, and of
    another nothing, if that can be."""
    stays = f"The files in {here.directory()} stay; "
    if before:
        return stays + "try again, or remove the service with: claudette service uninstall"
    try:
        with suppress(Failure):
            here.remove(agents=False)
        here.remove_files()
    except Failure as failure:
        return stays + str(failure)
    return "The service is not installed; the daemon starts with the first command."


def _end_daemon() -> None:
    """One that was not started by the service has the socket. Its agents go on, with their keeper;
    without agents the keeper goes, too, so that the service has its own."""
    running = finding.running()
    if running is not None:
        with running:
            agents = running.request("daemon/status").get("sidecars", 0)
        shutdown(agents=not agents)


def _wants_linger(arguments: Namespace) -> bool:
    if arguments.json or not attended():
        return False
    output().say(_LINGER)
    return input("Enable it? [y/N] ").strip().lower() in ("y", "yes")


def _uninstall(arguments: Namespace) -> int:
    _need_installed()
    manager().remove(agents=arguments.agents)
    if arguments.json:
        output().json({"installed": False})
    else:
        output().say("The service is removed; the daemon starts with the first command again.")
    return DONE


def _need_installed() -> None:
    if not manager().installed():
        raise Failure("The service is not installed; install it with: claudette service install")


def _logs(arguments: Namespace) -> int:
    words = manager().log_command(arguments.lines, follow=arguments.follow)
    try:
        os.execvp(words[0], words)
    except OSError as missing:
        raise Failure(
            f"{words[0]} cannot be run ({missing.strerror}); see: claudette logs"
        ) from None


def _show(arguments: Namespace) -> int:
    told = status()
    if arguments.json:
        output().json(told)
        return DONE if told["installed"] else FAILED
    if not told["installed"]:
        output().say("The service is not installed: the daemon starts with the first command,")
        output().say("and ends with the machine. Install it with: claudette service install")
        return FAILED
    for name, value in _rows(told):
        output().say(f"{output().paint(f'{name:<10}', 'dim')} {value}")
    if told["linger"] is False:
        output().say(_LINGER)
    return DONE


def _rows(told: Json) -> list[tuple[str, str]]:
    process = f", pid {told['pid']}" if told["pid"] else ""
    failed = f", failed: {told['failed']}" if told["failed"] else ""
    rows = [
        ("service", f"{told['state']}{process}{failed}"),
        ("at login", "starts" if told["enabled"] else "does not start"),
        ("keeper", _about_keeper(told)),
        ("files", line(told["directory"])),
    ]
    if told["linger"] is not None:
        rows.append(("logout", "goes on" if told["linger"] else "ends"))
    rows += [("differs", line(difference)) for difference in told["drift"]]
    if told["drift"]:
        rows.append(("", "write it anew with: claudette service install"))
    return rows


def _about_keeper(told: Json) -> str:
    if told["keeper"] == "active" or not told["running"]:
        return str(told["keeper"])
    return "one from before the service has the agents; when none runs, install it again"


VERBS = {"service": (declare_service, run_service)}
