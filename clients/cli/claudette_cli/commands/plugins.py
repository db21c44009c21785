"""Owns the command about the plugin for Neovim, which comes with the installation."""

from __future__ import annotations

import sys
from pathlib import Path

from claudette_cli.commands import options
from claudette_cli.exits import DONE, Failure
from claudette_cli.terminal.output import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def declare(parser: ArgumentParser) -> None:
    options.json(parser)
    actions = parser.add_subparsers(metavar="action")
    path = actions.add_parser(
        "path", help="print where the plugin is, for the settings of Neovim", allow_abbrev=False
    )
    options.json(path)


def run(arguments: Namespace) -> int:
    found = Path(sys.prefix) / "share/claudetted/nvim"
    if not found.is_dir():
        # An installation of a checkout runs what is in it.
        found = Path(__file__).parents[3] / "nvim"
    if not found.is_dir():
        raise Failure("This installation has no plugin for Neovim; install claudetted again.")
    if arguments.json:
        output().json({"path": str(found)})
    else:
        output().say(str(found))
    return DONE


VERBS = {"nvim": (declare, run)}
