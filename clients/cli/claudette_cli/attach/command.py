"""Owns the command `attach`, and sitting in the chat of a directory."""

from __future__ import annotations

import os

from claudette_cli import choosing
from claudette_cli.calling import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE
from claudette_cli.following import Following
from claudette_cli.terminal import attended, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def declare_attach(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    options.json(parser)


def run_attach(arguments: Namespace) -> int:
    with Daemon() as daemon:
        if arguments.chat:
            chat_id = choosing.chat_id(daemon, arguments.chat)
        else:
            chat_id = choosing.chat_in(daemon, os.getcwd()) or _new_here(daemon)
    if attended() and not arguments.json:
        return sit_in(chat_id)
    return _print(chat_id, as_json=arguments.json)


def sit_in(chat_id: str) -> int:
    """The interactive chat, until the person detaches."""
    # Imported here: only a terminal pays for prompt_toolkit and rich.
    from claudette_cli.attach.seat import Seat

    return Seat(chat_id).run()


def _new_here(daemon: Daemon) -> str:
    from claudette_cli.commands.chats import create
    from claudette_cli.main import parser_of

    return str(create(daemon, parser_of("new").parse_args([]))["id"])


def _print(chat_id: str, *, as_json: bool) -> int:
    """Everything that happens, into a pipe, until it is interrupted or the chat is deleted."""
    from claudette_cli.attach.printing import Printer

    printer = Printer(output(), as_json=as_json)
    with Following(chat_id, printer.frame if as_json else None) as following:
        while "chat/deleted" not in printer.show(following.fold, following.take()):
            pass
    return DONE


VERBS = {"attach": (declare_attach, run_attach)}
