"""Owns the commands about permissions: inbox, approve, deny."""

from __future__ import annotations

from claudette_cli import choosing
from claudette_cli.calling import Daemon
from claudette_cli.commands import options
from claudette_cli.deciding import decide
from claudette_cli.exits import DONE
from claudette_cli.terminal import attended, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]


def declare_inbox(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="only what this chat asks")
    options.json(parser)


def run_inbox(arguments: Namespace) -> int:
    with Daemon() as daemon:
        params = {"chatId": choosing.chat_id(daemon, arguments.chat)} if arguments.chat else {}
        waiting = daemon.call("permission/list", params).get("permissions", [])
        asked = daemon.call("question/list", params).get("questions", [])
    if asked and not arguments.json:
        number = "A question is" if len(asked) == 1 else f"{len(asked)} questions are"
        output().say(f"{number} open as well; see: claudette questions")
    if arguments.json:
        output().json(waiting)
    elif not waiting:
        output().say("Nothing waits for you.")
    elif attended():
        from claudette_cli.answering import answer

        answer(waiting, output())
    else:
        _print_cards(waiting)
    return DONE


def _print_cards(waiting: list[Json]) -> None:
    from claudette_cli.rendering.cards import card, how_to_answer

    for permission in waiting:
        lines = card(permission, output())
        hint = output().paint(how_to_answer(permission), "dim")
        output().say("\n".join([*lines, f"  chat {permission['chatId']}: {hint}", ""]))


def declare_approve(parser: ArgumentParser) -> None:
    parser.add_argument("permission", help="id of a request, or of a chat with only one")
    parser.add_argument(
        "--for",
        dest="scope",
        choices=("once", "turn", "chat", "workspace", "user"),
        default="once",
        help="for how long it stands; user is for ever and everywhere",
    )
    options.json(parser)


def run_approve(arguments: Namespace) -> int:
    return _decide(arguments, "allow", "")


def declare_deny(parser: ArgumentParser) -> None:
    declare_approve(parser)
    parser.add_argument("--reason", default="", help="told to the agent")


def run_deny(arguments: Namespace) -> int:
    return _decide(arguments, "deny", arguments.reason)


def _decide(arguments: Namespace, decision: str, reason: str) -> int:
    from claudette_cli.rendering.cards import decided, subject

    with Daemon() as daemon:
        permission = choosing.permission(daemon, arguments.permission)
    result = decide(permission, decision, reason, arguments.scope)
    if arguments.json:
        output().json(result)
    else:
        output().say(f"{decided(result)}: {subject(permission)}")
    return DONE


VERBS = {
    "inbox": (declare_inbox, run_inbox),
    "approve": (declare_approve, run_approve),
    "deny": (declare_deny, run_deny),
}
