"""Owns the command `attach`, and sitting in the chat of a directory."""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from functools import cache, partial

from claudette_cli import choosing, directory
from claudette_cli.client.creating import create, remove_unused
from claudette_cli.client.daemon import Daemon
from claudette_cli.client.environment import refreshed
from claudette_cli.client.following import Following
from claudette_cli.commands import options
from claudette_cli.exits import DONE, Failure
from claudette_cli.terminal import early, ending
from claudette_cli.terminal.output import attended, errors, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable

    from claudette_cli.attach.seat import Seat
    from claudette_cli.attach.switching import Next


def declare_attach(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    options.json(parser)


def run_attach(arguments: Namespace) -> int:
    if attended() and not arguments.json:
        return _sit(partial(_found, arguments.chat))
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
    return _print(chat_id, as_json=arguments.json)


def run_here() -> int:
    """Without a command: sits in the chat of this directory, or asks it what is piped in."""
    piped = b"" if attended() or sys.stdin.isatty() else sys.stdin.buffer.read()
    if not piped.strip():
        return run_attach(Namespace(chat=None, json=False))
    from claudette_cli.commands.turns import ask, decoded

    text = decoded(piped, "stdin")
    with Daemon() as daemon:
        chat_id = choosing.chat_in(daemon, directory.here()) or _new_here(daemon)
    return ask(chat_id, text)


def sit_in(chat_id: str, *, unused: bool = False) -> int:
    """The interactive chat, and those that the person goes on to, until they detach."""
    return _sit(lambda: (chat_id, {chat_id} if unused else set()))


def _sit(find: Callable[[], tuple[str, set[str]]]) -> int:
    if os.environ.get("TERM") == "dumb":
        return _sit_plainly(*find())
    with early.Early() as typing:
        chat_id, fresh = find()
        return _sit_in(chat_id, typing, fresh)


def _found(wanted: str | None) -> tuple[str, set[str]]:
    """The chat to sit in, and those that were made for it."""
    with Daemon() as daemon:
        if wanted:
            return choosing.chat_id(daemon, wanted), set()
        if found := choosing.chat_in(daemon, directory.here()):
            return found, set()
        made = _new_here(daemon)
        return made, {made}


def _sit_plainly(chat_id: str, fresh: set[str]) -> int:
    from claudette_cli.attach import plain

    try:
        return plain.sit(chat_id)
    finally:
        for one in fresh:
            remove_unused(one)


def _sit_in(chat_id: str, typing: early.Early, fresh: set[str]) -> int:
    """The `fresh` chats go again when nobody used them."""
    try:
        while True:
            code, onward = _sit_once(chat_id, typing)
            if onward is None:
                return code
            typing.interruptible()
            try:
                chat_id, unused = onward()
            except Failure as failure:
                errors().say(f"claudette: {failure.message}")
            else:
                fresh |= {chat_id} if unused else set()
    finally:
        for one in fresh:
            remove_unused(one)


def _sit_once(chat_id: str, typing: early.Early) -> tuple[int, Callable[[], Next] | None]:
    """The exit code, and what leads to the chat that the person goes on to."""
    # Imported here: only a terminal pays for it.
    from claudette_cli.attach.first_line import FirstLine
    from claudette_cli.attach.reader import Reader

    with Reader(chat_id, output()) as reader, FirstLine(typing, output()) as line:
        picture = reader.open()
        line.show(picture)
        with ending.held():
            # A signal in the middle of an import could be lost.
            seat = _seat()(chat_id, reader, picture, line.take)
        return seat.run(), seat.onward


@cache
def _seat() -> type[Seat]:
    """It brings prompt_toolkit. As in `main`, nobody looks for garbage in what stays."""
    gc.disable()
    try:
        from claudette_cli.attach.seat import Seat

        return Seat
    finally:
        gc.freeze()
        gc.enable()


def _new_here(daemon: Daemon) -> str:
    return str(create(daemon, directory.here())["id"])


def _print(chat_id: str, *, as_json: bool) -> int:
    """Everything that happens, into a pipe, until it is interrupted or the chat is deleted."""
    from claudette_cli.attach.printing import Printer

    printer = Printer(output(), as_json=as_json)
    with Following(chat_id, printer.frame if as_json else None, refreshed()) as following:
        while "chat/deleted" not in printer.show(following.fold, following.take()):
            pass
    return DONE


VERBS = {"attach": (declare_attach, run_attach)}
