"""Owns the `acp` command: the bridge for editors, and how each editor is told of it."""

from __future__ import annotations

from claudette_cli.commands import options
from claudette_cli.exits import DONE
from claudette_cli.terminal.output import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EDITORS = ("agent-shell", "avante", "codecompanion", "jetbrains", "toad", "vscode", "zed")


def declare(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--max-level",
        choices=options.LEVELS,
        default="full",
        help="the highest permission level the editor may set or use",
    )
    parser.add_argument(
        "--may-approve",
        choices=("yes", "no"),
        default="yes",
        help="no: requests are answered elsewhere, whatever the editor approves by itself",
    )
    parser.add_argument("--agent", default="", help="which agent new sessions have")
    parser.add_argument(
        "--editor",
        default="",
        metavar="NAME",
        help="which editor it is, where that does not say so",
    )
    parser.add_argument("--print-config", choices=EDITORS, help="print an editor's settings")
    parser.add_argument(
        "--sign-in", action="store_true", help="open claudette instead; editors pass this"
    )


def run(arguments: Namespace) -> int:
    if arguments.print_config:
        from claudette_cli.acp import editors

        output().say(editors.settings(arguments.print_config))
        return DONE
    if arguments.sign_in:
        from claudette_cli.attach.command import run_here

        return run_here()
    return _serve(arguments)


def _serve(arguments: Namespace) -> int:
    from claudette_cli.acp.bridge import Bridge
    from claudette_cli.acp.stdio import Loop, Output

    # What an editor may do ends below the settings that hold for everybody.
    limited = arguments.max_level != "full" or arguments.may_approve == "no"
    limits = {
        "right": "configure" if limited else "administer",
        "level": arguments.max_level,
        "allow": arguments.may_approve == "yes",
    }
    editor = Output(1)
    Loop(Bridge(editor.write, limits, arguments.agent, arguments.editor), 0, editor).run()
    return DONE


VERBS = {"acp": (declare, run)}
