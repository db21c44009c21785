"""Owns the commands about a chat's queue: list, edit, remove, resume."""

from __future__ import annotations

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.commands.turns import text_of
from claudette_cli.exits import DONE, NOT_FOUND, Failure
from claudette_cli.terminal.output import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]


def declare_queue(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="queue_verb", metavar="verb")
    for name, summary in (
        ("list", "show the messages that wait"),
        ("edit", "change a waiting message"),
        ("remove", "remove a waiting message"),
        ("resume", "let a paused queue go on"),
    ):
        verb = verbs.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        if name in ("edit", "remove"):
            options.chat(verb)
        else:
            options.chat_or_here(verb)
        if name in ("edit", "remove"):
            verb.add_argument("message", help="id of the message, or the beginning of one")
        if name == "edit":
            verb.add_argument("text", help="the new text; - reads it from stdin, @file from a file")
        options.json(verb)
    parser.set_defaults(chat=None)
    options.json(parser)


def run_queue(arguments: Namespace) -> int:
    act = arguments.queue_verb or "list"
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        params: Json = {"chatId": chat_id}
        if act in ("edit", "remove"):
            params["turnId"] = _entry(daemon, chat_id, arguments.message)
        if act == "edit":
            params["text"] = text_of(arguments.text)
        result = daemon.call(f"queue/{act}", params)
    if arguments.json:
        output().json(result.get("entries", []))
    else:
        _print(chat_id, result)
    return DONE


def _entry(daemon: Daemon, chat_id: str, wanted: str) -> str:
    entries = daemon.call("queue/list", {"chatId": chat_id}).get("entries", [])
    found = [entry for entry in entries if entry["turnId"].startswith(wanted)]
    if len(found) != 1:
        count = "No" if not found else "More than one"
        raise Failure(
            f"{count} waiting message's id begins with {wanted!r}; "
            f"see: claudette queue list {chat_id}",
            NOT_FOUND,
        )
    return str(found[0]["turnId"])


def _print(chat_id: str, result: Json) -> None:
    from claudette_cli.rendering.items import waiting

    for entry in result.get("entries", []):
        how = "steer" if entry["when"] == "steer" else "queue"
        output().say(f"{entry['turnId']}  {how}  {waiting(entry, 60)}")
    if not result.get("entries"):
        output().say("No message waits.")
    elif result.get("paused"):
        output().say(f"The queue is paused; resume it with: claudette queue resume {chat_id}")


VERBS = {"queue": (declare_queue, run_queue)}
