"""Owns the command line: which command is meant, and how it ends."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module

from claudette_cli.exits import INTERRUPTED, MEANINGS, NOT_FOUND, PIPE_CLOSED, Failure
from claudette_cli.terminal import errors
from claudetted import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    Verb = tuple[Callable[[ArgumentParser], None], Callable[[Namespace], int]]

COMMANDS = {
    "demo": ("demo.command", "watch a real agent work, offline, and survive its daemon"),
    "new": ("commands.chats", "begin a chat in a directory"),
    "send": ("commands.turns", "send a message to a chat"),
    "attach": ("attach.command", "sit in a chat: read along, answer, decide"),
    "ls": ("commands.chats", "list the chats"),
    "show": ("commands.chats", "show what is known about a chat"),
    "history": ("commands.chats", "print what was said and done in a chat"),
    "inbox": ("commands.permissions", "see what waits for your decision, and answer it"),
    "approve": ("commands.permissions", "let a request run, once"),
    "deny": ("commands.permissions", "refuse a request"),
    "questions": ("commands.questions", "see what you are asked, and answer it"),
    "answer": ("commands.questions", "answer a question"),
    "trust": ("commands.trust", "see and change which projects may instruct agents"),
    "rules": ("commands.rules", "see, explain and change the standing decisions"),
    "level": ("commands.rules", "see or change what runs without asking"),
    "audit": ("commands.rules", "show who or what decided which call"),
    "stop": ("commands.turns", "stop what a chat is doing"),
    "wait": ("commands.turns", "wait for the end of a turn"),
    "retry": ("commands.turns", "send the prompt of a turn that did not end well again"),
    "queue": ("commands.queue", "see and change the messages that wait"),
    "rename": ("commands.chats", "give a chat another name"),
    "archive": ("commands.chats", "put a chat away, whole"),
    "restore": ("commands.chats", "take an archived chat back"),
    "reset": ("commands.chats", "let the agent of a chat start afresh"),
    "delete": ("commands.chats", "remove a chat with everything"),
    "compact": ("commands.compactions", "summarise the older part of a conversation"),
    "configure": ("commands.chats", "change a chat's model, level or thinking"),
    "model": ("commands.models", "see, search and choose models"),
    "usage": ("commands.usage", "see tokens, money and time used, and what is left at OpenRouter"),
    "provider": ("commands.providers", "see and sign in to those who serve models"),
    "backend": ("commands.backends", "see, change and test local servers and other backends"),
    "env": ("commands.providers", "hand the daemon this shell's provider variables"),
    "setting": ("commands.settings", "see or change settings"),
    "ps": ("commands.processes", "show what runs, how large it is, and why"),
    "jobs": ("commands.processes", "show what agents have left running"),
    "du": ("commands.processes", "show what the data takes on disk"),
    "logs": ("commands.logs", "read the daemon's log"),
    "status": ("commands.daemon", "tell how the daemon is"),
    "shutdown": ("commands.daemon", "end the daemon; running agents go on"),
    "restart": ("commands.daemon", "replace the daemon; running agents go on"),
    "rpc": ("commands.daemon", "call a method of the protocol"),
}
"""Where each verb lives, and what it does. Only the module of the wanted one is loaded."""

DESCRIPTION = "Talks to claudetted, the daemon that keeps coding agents alive.\n" + (
    "Without a command: sits in the chat of this directory, a new one if there is none."
)


class _Formatter(RawDescriptionHelpFormatter):
    """Knows the width by itself: argparse would load shutil for it, even when nothing is shown."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_help_width())


def main(argv: list[str] | None = None) -> int:
    """The console script. Every way a command ends has an exit code."""
    try:
        return run(sys.argv[1:] if argv is None else argv)
    except Failure as failure:
        errors().say(f"claudette: {failure.message}")
        return failure.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough; nothing more may be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def run(argv: list[str]) -> int:
    if not argv:
        _, attach = _load("attach")
        return attach(parser_of("attach").parse_args([]))
    name = argv[0]
    if name in COMMANDS:
        _, command = _load(name)
        return command(parser_of(name).parse_args(argv[1:]))
    if name not in ("-h", "--help", "--version"):
        build_parser().error(_unknown(name))
    build_parser().parse_args(argv)
    return NOT_FOUND


def parser_of(name: str) -> ArgumentParser:
    """The parser of one command, built without loading any other."""
    parser = ArgumentParser(
        prog=f"claudette {name}",
        description=_sentence(COMMANDS[name][1]),
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    declare, _ = _load(name)
    declare(parser)
    return parser


def build_parser() -> ArgumentParser:
    """The parser of everything, for help and the reference."""
    parser = ArgumentParser(
        prog="claudette",
        description=DESCRIPTION,
        epilog="exit codes:\n" + "\n".join(f"  {code:<4} {why}" for code, why in MEANINGS.items()),
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"claudette {__version__}")
    verbs = parser.add_subparsers(metavar="command", title="commands")
    for name, (_, summary) in COMMANDS.items():
        verb = verbs.add_parser(
            name,
            help=summary,
            description=_sentence(summary),
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        declare, _ = _load(name)
        declare(verb)
    return parser


def _load(name: str) -> Verb:
    module = import_module(f"claudette_cli.{COMMANDS[name][0]}")
    verb: Verb = module.VERBS[name]
    return verb


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; see: claudette --help"
    return f"there is no command {name!r}{hint}"


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
