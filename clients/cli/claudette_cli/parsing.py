"""Owns the parsers: of one command, and of the overview that only names them all."""

from __future__ import annotations

import os
from argparse import PARSER, ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module

from claudette_cli.exits import MEANINGS
from claudette_cli.main import COMMANDS
from claudetted import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable
    from typing import Any

    Verb = tuple[Callable[[ArgumentParser], None], Callable[[Namespace], int]]

DESCRIPTION = "Talks to claudetted, the daemon that keeps coding agents alive.\n" + (
    "Without a command: opens the chat of this directory, a new one if there is none, or sends\n"
    "it what is piped in."
)

_PLAIN = "\0"
"""Stands before a word that begins like an option and is none; no argument can hold it."""


class _Formatter(RawDescriptionHelpFormatter):
    """Knows the width by itself: argparse would load shutil for it, even when nothing is shown."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_help_width())


class _Free(ArgumentParser):
    """Takes options between the words of a command, also where not all of these are needed. The
    parsers of its verbs do, too."""

    _reads = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._reads or not self._has_gaps():
            return super().parse_known_args(args, namespace)
        # By itself argparse takes what follows a leading -- for options when these may stand
        # anywhere.
        at = args.index("--") if "--" in args else len(args)
        plain = [f"{_PLAIN}{word}" if word.startswith("-") else word for word in args[at + 1 :]]
        self._reads = True
        found, rest = self.parse_known_intermixed_args([*args[:at], *plain], namespace)
        for key, value in vars(found).items():
            if isinstance(value, (str, list)):
                setattr(found, key, _as_typed(value))
        return found, _as_typed(rest)

    def _has_gaps(self) -> bool:
        """Whether argparse by itself might take a word for missing at the first option."""
        counts = [action.nargs for action in self._actions if not action.option_strings]
        if PARSER in counts:
            return False
        return "*" in counts or "+" in counts or ("?" in counts and len(counts) > 1)


class _Named(ArgumentParser):
    """Stands for a command's parser in the overview, which needs its name alone."""

    def __init__(self, **_: object) -> None:
        """Keeps nothing."""


def parser_of(name: str) -> ArgumentParser:
    """The parser of one command, built without loading any other."""
    parser = _Free(
        prog=f"claudette {name}",
        description=_sentence(COMMANDS[name][1]),
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    declare, _ = load(name)
    declare(parser)
    return parser


def parse(name: str, words: list[str]) -> Namespace:
    """What the words of a command mean."""
    return parser_of(name).parse_args(words)


def _as_typed(value: str | list[str]) -> str | list[str]:
    if isinstance(value, str):
        return value.removeprefix(_PLAIN)
    return [word.removeprefix(_PLAIN) for word in value]


def build_parser() -> ArgumentParser:
    """The parser of the overview. It loads no command, so what stands behind one is not parsed."""
    parser = ArgumentParser(
        prog="claudette",
        description=DESCRIPTION,
        epilog="exit codes:\n" + "\n".join(f"  {code:<4} {why}" for code, why in MEANINGS.items()),
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"claudette {__version__}")
    parser.add_argument(
        "--host",
        metavar="URL",
        help="a daemon on another machine: ssh://user@box, or wss://box:7433 once paired by the "
        "link of claudette remote pair there; comes first, or CLAUDETTE_HOST",
    )
    verbs = parser.add_subparsers(
        metavar="command", title="commands", prog="claudette", parser_class=_Named
    )
    for name, (_, summary) in COMMANDS.items():
        verbs.add_parser(name, help=summary)
    return parser


def load(name: str) -> Verb:
    """What declares the command's arguments, and what runs it."""
    module = import_module(f"claudette_cli.{COMMANDS[name][0]}")
    verb: Verb = module.VERBS[name]
    return verb


def _help_width() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit():
        return int(columns) - 2
    try:
        return min(100, os.get_terminal_size().columns) - 2
    except OSError:
        return 78


def _sentence(summary: str) -> str:
    return summary[0].upper() + summary[1:] + "."
