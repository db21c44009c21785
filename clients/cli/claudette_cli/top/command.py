"""Owns the command `top`."""

from __future__ import annotations

from claudette_cli.commands import options
from claudette_cli.exits import DONE
from claudette_cli.terminal.output import attended, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from claudette_cli.top.table import Table


def declare_top(parser: ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="print the table once, as into a pipe")
    options.json(parser)


def run_top(arguments: Namespace) -> int:
    from claudette_cli.top.table import Table

    table = Table()
    if attended() and not (arguments.once or arguments.json):
        return _live(table)
    from claudette_cli.top.watching import look

    look(table)
    if arguments.json:
        output().json([table.figures(chat) for chat in table.rows])
        return DONE
    width = output().room(1)
    for row in (table.sum(), table.head(width), *(table.row(chat, width) for chat in table.rows)):
        output().say(row.rstrip())
    return DONE


def _live(table: Table) -> int:
    """Comes back from each chat that the person attaches to."""
    from claudette_cli.attach.command import sit_in
    from claudette_cli.top.screen import show

    while chat_id := show(table):
        sit_in(chat_id)
    return DONE


VERBS = {"top": (declare_top, run_top)}
