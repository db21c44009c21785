"""Owns the command about compactions: asks for one and tells how it went."""

from __future__ import annotations

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import ASKED, DONE, FAILED, Failure
from claudette_cli.terminal.output import errors, harmless, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from claudette_cli.client.following import Following

    Json = dict[str, Any]


def declare_compact(parser: ArgumentParser) -> None:
    options.chat(parser)
    parser.add_argument("focus", nargs="?", default="", help="what the summary should keep")
    parser.add_argument("--no-wait", action="store_true", help="return at once")
    options.json(parser)


def run_compact(arguments: Namespace) -> int:
    from claudette_cli.client.following import Following

    with Daemon() as daemon:
        chat_id = choosing.chat_id(daemon, arguments.chat)
        params: Json = {"chatId": chat_id}
        if arguments.focus:
            params["instructions"] = arguments.focus
        if arguments.no_wait:
            told = daemon.call("chat/compact", params)
            if arguments.json:
                output().json(told)
            return DONE
        # Followed from before it is asked for, so that nothing of it is missed.
        with Following(chat_id) as following:
            following.take()
            daemon.call("chat/compact", params)
            ended = _seen_through(following, quiet=arguments.json)
    return _told(ended, as_json=arguments.json)


def _seen_through(following: Following, *, quiet: bool) -> Json:
    """How it ended; told on the way where a person may be reading."""
    said = ""
    while True:
        state = _state(following)
        if state != said and not quiet:
            errors().say(state)
        said = state
        for name, event in following.take():
            if name == "compaction/ended" and event["compaction"]["trigger"] == "manual":
                return dict(event)
            if name == "chat/deleted":
                raise Failure("The chat was deleted before it was compacted.", FAILED)


def _state(following: Following) -> str:
    """What is being waited for. Fails when that is a person."""
    fold = following.fold
    if not fold.running:
        return "Compacting context…"
    if fold.permissions:
        raise Failure(
            "The compaction waits for the end of the turn, and that for a permission; "
            f"see: claudette inbox {following.chat_id}",
            ASKED,
        )
    return "Waiting for the end of the turn…"


def _told(ended: Json, *, as_json: bool) -> int:
    if as_json:
        output().json(ended)
    if not ended.get("ok", True):
        raise Failure(f"Compaction did not complete: {harmless(ended.get('error', ''))}", FAILED)
    if not as_json:
        from claudette_cli.rendering.items import Painter

        boundary = {"kind": "compaction", "compaction": ended["compaction"]}
        output().say("\n".join(Painter(output()).item(boundary)))
    return DONE


VERBS = {"compact": (declare_compact, run_compact)}
