"""Owns the command `help`."""

from __future__ import annotations

from claudette_cli.exits import DONE
from claudette_cli.help.topics import TOPICS
from claudette_cli.main import COMMANDS
from claudette_cli.terminal.output import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def declare_help(parser: ArgumentParser) -> None:
    parser.add_argument(
        "topic",
        nargs="?",
        choices=sorted({*COMMANDS, *TOPICS}),
        metavar="TOPIC",
        help=f"a command, or {', '.join(TOPICS)}",
    )


def run_help(arguments: Namespace) -> int:
    from claudette_cli.parsing import build_parser, parser_of

    if arguments.topic is None:
        output().say(build_parser().format_help())
        output().say("topics, for claudette help TOPIC:")
        for name, (summary, _) in TOPICS.items():
            output().say(f"  {name:<12} {summary}")
    elif arguments.topic in TOPICS:
        text = TOPICS[arguments.topic][1]
        output().say(text.rstrip())
        if arguments.topic in COMMANDS:
            output().say(f"\nThe options: claudette {arguments.topic} --help")
    else:
        output().say(parser_of(arguments.topic).format_help().rstrip())
    return DONE


VERBS = {"help": (declare_help, run_help)}
