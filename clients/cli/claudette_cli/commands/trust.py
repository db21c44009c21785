"""Owns the command about projects whose instructions are trusted."""

from __future__ import annotations

import os

from claudette_cli.calling import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE, USAGE, Failure
from claudette_cli.terminal import harmless, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SETTING = "trust_project"
_VALUES = {"grant": "yes", "refuse": "no", "revoke": None}
_SAID = {
    "grant": "From its next turn on an agent uses what comes with {}.",
    "refuse": "No agent uses what comes with {}, and nobody is asked.",
    "revoke": "What was decided about {} is forgotten; it will be asked about again.",
}


def declare_trust(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=("list", *_VALUES),
        default="list",
        help="revoke forgets the answer: no until it is given again",
    )
    parser.add_argument("directory", nargs="?", help="of the project; without it: this one")
    options.json(parser)


def run_trust(arguments: Namespace) -> int:
    with Daemon() as daemon:
        if arguments.what == "list":
            return _list(daemon, as_json=arguments.json)
        project = project_of(arguments.directory or os.getcwd())
        params = {"key": f"{SETTING}:{project}", "value": _VALUES[arguments.what]}
        setting = daemon.call("setting/set", params)["setting"]
    if arguments.json:
        output().json(setting)
    else:
        output().say(_SAID[arguments.what].format(harmless(project)))
    return DONE


def project_of(directory: str) -> str:
    """What a chat in this directory has as its workspace: the nearest repository above."""
    start = os.path.realpath(directory)
    if not os.path.isdir(start):
        raise Failure(f"{directory} is not a directory.", USAGE)
    place = start
    while not os.path.exists(os.path.join(place, ".git")):
        above = os.path.dirname(place)
        if above == place:
            return start
        place = above
    return place


def _list(daemon: Daemon, *, as_json: bool) -> int:
    settings = daemon.call("setting/list").get("settings", [])
    told = {
        setting["key"].partition(":")[2]: setting["value"]
        for setting in settings
        if setting["key"].startswith(f"{SETTING}:")
    }
    if as_json:
        output().json(told)
    elif not told:
        output().say("No project was asked about yet; none is trusted.")
    for project, value in () if as_json else told.items():
        output().say(f"{'trusted' if value == 'yes' else 'not trusted':<12} {harmless(project)}")
    return DONE


VERBS = {"trust": (declare_trust, run_trust)}
