"""Owns the command about projects whose instructions are trusted."""

from __future__ import annotations

import os

from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.directory import absolute, here
from claudette_cli.exits import DONE, USAGE, Failure
from claudette_cli.terminal.output import line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SETTING = "trust_project"
_VALUES = {"grant": "yes", "refuse": "no", "revoke": None}
_SAID = {
    "grant": "From the next turn on, agents use the instructions of {}.",
    "refuse": "From its next turn on an agent uses nothing that comes with {}, AGENTS.md and "
    "CLAUDE.md included, and nobody is asked.",
    "revoke": "The decision about {} was removed; you will be asked again.",
}


def declare_trust(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what",
        nargs="?",
        choices=("list", *_VALUES),
        default="list",
        help="refuse leaves AGENTS.md and CLAUDE.md aside, too; revoke forgets the answer: only "
        "those two are used until it is given again",
    )
    parser.add_argument("directory", nargs="?", help="of the project; without it: this one")
    options.json(parser)


def run_trust(arguments: Namespace) -> int:
    with Daemon() as daemon:
        if arguments.what == "list":
            return _list(daemon, as_json=arguments.json)
        project = project_of(arguments.directory or here())
        params = {"key": f"{SETTING}:{project}", "value": _VALUES[arguments.what]}
        setting = daemon.call("setting/set", params)["setting"]
    if arguments.json:
        output().json(setting)
    else:
        output().say(_SAID[arguments.what].format(line(project)))
    return DONE


def project_of(directory: str) -> str:
    """What a chat in this directory has as its workspace: the nearest repository above."""
    start = os.path.realpath(absolute(directory))
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
    asked = [
        question
        for question in daemon.call("question/list").get("questions", [])
        if question["kind"] == "trust"
    ]
    settings = daemon.call("setting/list").get("settings", [])
    told = {
        setting["key"].partition(":")[2]: setting["value"]
        for setting in settings
        if setting["key"].startswith(f"{SETTING}:")
    }
    if as_json:
        output().json([{"project": project, "value": value} for project, value in told.items()])
    elif not told and not asked:
        output().say("No project is trusted, and none was asked about yet.")
    for project, value in () if as_json else told.items():
        output().say(f"{'trusted' if value == 'yes' else 'not trusted':<12} {line(project)}")
    for question in () if as_json else asked:
        hint = f"claudette answer {question['id']} yes|no"
        output().say(f"{'asked':<12} {line(question['subject'])}  {output().paint(hint, 'dim')}")
    return DONE


VERBS = {"trust": (declare_trust, run_trust)}
