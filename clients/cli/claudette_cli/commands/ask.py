"""Owns the command `ask`: one question, its answer, and an exit code by how the turn ended."""

from __future__ import annotations

import os
import select
import stat
import sys
from contextlib import contextmanager, nullcontext

from claudette_cli import choosing, directory
from claudette_cli.client import creating, environment
from claudette_cli.client.daemon import Daemon, new_key
from claudette_cli.commands import options, turns
from claudette_cli.exits import TIMED_OUT, USAGE, Failure, Refused
from claudette_cli.terminal.output import errors, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from typing import Any

    Json = dict[str, Any]

_STDIN = "-"
_PATIENCE = 3.0
"""Seconds after which a person is told that standard input is still being waited for."""


def declare_ask(parser: ArgumentParser) -> None:
    parser.add_argument(
        "text",
        nargs="*",
        help="the question; - stands for stdin and @file for a file. What is piped in comes after "
        "the text",
    )
    options.image(parser)
    parser.add_argument("--chat", help="ask in this chat instead of in a new one")
    parser.add_argument(
        "-c",
        "--continue",
        dest="here",
        action="store_true",
        help="ask in the chat last used in this directory",
    )
    parser.add_argument("--dir", default=".", help="where a new chat works (here)")
    options.how_to_work(parser)
    parser.add_argument("--title", help="name of the new chat")
    parser.add_argument("--broad", action="store_true", help="allow / or the home directory itself")
    parser.add_argument(
        "--timeout",
        type=options.seconds,
        metavar="SECONDS",
        help=f"stop the turn after this time and exit with {TIMED_OUT}",
    )
    options.patient(parser)
    parser.add_argument(
        "--forget", action="store_true", help="delete the new chat once the answer is printed"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print every event as a JSON line, and last an object with chatId, turn and text",
    )


def run_ask(arguments: Namespace) -> int:
    old = bool(arguments.chat or arguments.here)
    _check(arguments, old=old)
    text = question(arguments.text)
    shown = turns.images_of(arguments.image)
    with Daemon() as daemon:
        chat_id = _chat(daemon, arguments)
        with nullcontext() if old else _new(daemon, chat_id, forget=arguments.forget):
            return _ask(daemon, chat_id, text, shown, arguments)


@contextmanager
def _new(daemon: Daemon, chat_id: str, *, forget: bool) -> Iterator[None]:
    """Deletes the chat at the end if it is to be forgotten, or its message was refused."""
    try:
        yield
    except Refused:
        forget = True
        raise
    finally:
        if forget:
            daemon.call("chat/delete", {"chatId": chat_id})


def _check(arguments: Namespace, *, old: bool) -> None:
    if arguments.chat and arguments.here:
        raise Failure("Name a chat with --chat, or take this directory's with -c, not both.", USAGE)
    if old and arguments.forget:
        raise Failure(
            "--forget deletes a new chat; delete an old one with: claudette delete", USAGE
        )
    if old and creating.chosen(arguments):
        raise Failure(
            "The options of a new chat do not go with --chat and -c; change an old one with: "
            "claudette configure",
            USAGE,
        )


def _chat(daemon: Daemon, arguments: Namespace) -> str:
    if arguments.chat or arguments.here:
        return choosing.chat_or_here(daemon, arguments.chat)
    place = directory.absolute(arguments.dir)
    return str(creating.create(daemon, place, **creating.chosen(arguments))["id"])


def _ask(daemon: Daemon, chat_id: str, text: str, shown: list[Json], arguments: Namespace) -> int:
    from claudette_cli.client.following import Following
    from claudette_cli.watch.limiting import limited

    tap = _stream if arguments.json else None
    with Following(chat_id, tap) as following:
        # Followed from before it is sent, so that nothing of the turn is missed.
        following.take()
        params: Json = {"chatId": chat_id, "text": text, "key": new_key()}
        if shown:
            params["images"] = shown
        sent = daemon.call("turn/send", params | {"env": environment.refreshed()})
        if sent["state"] == "command":
            return turns.taken(sent, as_json=arguments.json)
        with limited(chat_id, arguments.timeout) as over:
            turn, answer = turns.stay(
                following, sent, as_json=arguments.json, patient=arguments.patient
            )
    if arguments.json:
        output().json({"chatId": chat_id, "turn": turn, "text": answer})
    if over.is_set():
        errors().say(f"The turn was stopped after {arguments.timeout:g} s, as --timeout says.")
        return TIMED_OUT
    return turns.ending(turn, told=output().interactive)


def _stream(frame: Json) -> None:
    """What the daemon says, but for the answer to the subscription: a chat's past is no event."""
    if "method" in frame:
        output().json(frame)


def question(words: list[str]) -> str:
    """The message that the arguments and what is piped in make together."""
    parts: list[str] = []
    plain: list[str] = []
    for word in words:
        if word == _STDIN or word.startswith("@"):
            parts += [*filter(None, [" ".join(plain)]), turns.text_of(word)]
            plain = []
        else:
            plain.append(word)
    parts += filter(None, [" ".join(plain)])
    if _STDIN not in words and (piped := _piped(wanted=not words)).strip():
        parts.append(turns.decoded(piped, "stdin"))
    if not "".join(parts).strip():
        raise Failure("There is nothing to ask: give a text, - or @file, or pipe one in.", USAGE)
    return "\n\n".join(parts)


def _piped(*, wanted: bool) -> bytes:
    """What comes through a pipe or from a file. Nothing of a terminal, or of what is neither."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError):
        return b""  # closed
    if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or (wanted and not sys.stdin.isatty())):
        return b""
    if not select.select([sys.stdin], [], [], _PATIENCE)[0]:
        errors().say("Reading standard input to its end; </dev/null if nothing is piped in.")
    return sys.stdin.buffer.read()


VERBS = {"ask": (declare_ask, run_ask)}
