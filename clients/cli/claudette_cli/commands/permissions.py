"""Owns the commands about permissions: inbox, approve, deny."""

from __future__ import annotations

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon
from claudette_cli.client.deciding import decide
from claudette_cli.client.reading import whole_request
from claudette_cli.commands import options
from claudette_cli.exits import DONE
from claudette_cli.terminal.output import attended, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]


def declare_inbox(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="only what this chat asks")
    parser.add_argument(
        "--whole", action="store_true", help="all of requests that are longer than their cards"
    )
    options.json(parser)


def run_inbox(arguments: Namespace) -> int:
    with Daemon() as daemon:
        params = {"chatId": choosing.chat_id(daemon, arguments.chat)} if arguments.chat else {}
        waiting = daemon.call("permission/list", params).get("permissions", [])
        asked = daemon.call("question/list", params).get("questions", [])
        if arguments.whole:
            waiting = [whole_request(daemon, one) for one in waiting]
    if asked and not arguments.json:
        number = "A question is" if len(asked) == 1 else f"{len(asked)} questions are"
        output().say(f"{number} open as well; see: claudette questions")
    if arguments.json:
        output().json(waiting)
    elif not waiting:
        output().say("No requests are waiting.")
    elif attended():
        from claudette_cli.watch.cards import answer

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
    parser.add_argument("permission", nargs="?", help="id of a request, or of a chat with only one")
    parser.add_argument(
        "--for",
        dest="scope",
        choices=("once", "turn", "chat", "workspace", "user"),
        default="once",
        help="how long it applies; user is always and everywhere",
    )
    options.json(parser)


def declare_approve_seen(parser: ArgumentParser) -> None:
    declare_approve(parser)
    parser.add_argument(
        "--seen-whole",
        action="store_true",
        help="you have read all of a request that is longer than its card (claudette inbox "
        "--whole), or answer for it",
    )


def run_approve(arguments: Namespace) -> int:
    return _decide(arguments, "allow", "", seen_whole=arguments.seen_whole)


def declare_deny(parser: ArgumentParser) -> None:
    declare_approve(parser)
    parser.add_argument("--reason", default="", help="sent to the agent")


def run_deny(arguments: Namespace) -> int:
    return _decide(arguments, "deny", arguments.reason)


def _decide(arguments: Namespace, decision: str, reason: str, *, seen_whole: bool = False) -> int:
    from claudette_cli.rendering.cards import decided, subject

    with Daemon() as daemon:
        permission = choosing.permission(daemon, arguments.permission)
    if seen_whole:
        permission["seenWhole"] = True
    result = decide(permission, decision, reason, arguments.scope)
    if arguments.json:
        output().json(result)
    else:
        output().say(f"{decided(result)}: {subject(permission)}")
    return DONE


VERBS = {
    "inbox": (declare_inbox, run_inbox),
    "approve": (declare_approve_seen, run_approve),
    "deny": (declare_deny, run_deny),
}
