"""Owns the command `events`: what happened to a chat, or to all of them, as JSON lines."""

from __future__ import annotations

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon, connect
from claudette_cli.client.following import replacement
from claudette_cli.commands import options
from claudette_cli.exits import DONE, USAGE, Disconnected, Failure
from claudette_cli.terminal.output import errors, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from claudette_cli.client.connection import Connection

    Json = dict[str, Any]


def declare_events(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what happens next")
    parser.add_argument(
        "--after",
        metavar="CURSOR",
        help="only what comes after this event: the cursor of its line, or its seq",
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="what changes about any chat, from now on: its state, requests and questions",
    )
    parser.add_argument("--json", action="store_true", help="the same: it always prints JSON")


def run_events(arguments: Namespace) -> int:
    if arguments.all:
        if arguments.chat or arguments.after:
            raise Failure("--all has no past: leave out the chat and --after.", USAGE)
        return _follow_all()
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        snapshot = daemon.call("event/subscribe", {"chatId": chat_id})["snapshot"]
    journal, _, last = snapshot["cursor"].rpartition(".")
    named, _, after = (arguments.after or "0").rpartition(".")
    if named not in ("", journal) or not after.isdigit() or int(after) > int(last):
        raise Failure(
            f"{arguments.after!r} is no cursor of this chat; its last one is {snapshot['cursor']}",
            USAGE,
        )
    with _Tail(chat_id, journal, int(after)) as tail:
        while arguments.follow or tail.seq < int(last):
            if not tail.go_on():
                break
    return DONE


class _Tail:
    """Prints the events of a chat in order, each once, across daemons."""

    def __init__(self, chat_id: str, journal: str, after: int) -> None:
        self.seq = after
        self._chat_id = chat_id
        self._journal = journal
        self._connection: Connection | None = None

    def __enter__(self) -> _Tail:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def go_on(self) -> bool:
        """Prints what comes next; false when nothing ever will, because the chat was deleted."""
        try:
            if self._connection is None:
                self._connection = self._subscribed()
            return all(self._take(frame) for frame in self._connection.arrived())
        except Disconnected:
            self._close()
            return True

    def _subscribed(self) -> Connection:
        connection = replacement(f"claudette attach {self._chat_id}")
        params = {"chatId": self._chat_id, "after": f"{self._journal}.{self.seq}"}
        told = connection.request("event/subscribe", params)
        if not told.get("resumed"):
            raise Failure(told.get("note", "The events cannot be resumed."))
        return connection

    def _take(self, frame: Json) -> bool:
        params = frame["params"]
        if frame["method"] == "lagging":
            raise Disconnected("this client read too slowly")
        if frame["method"] != "event" or params["chatId"] != self._chat_id:
            return True
        self.seq = params["seq"]
        output().json({**params, "cursor": f"{self._journal}.{self.seq}"})
        return bool(params["event"]["type"] != "chat/deleted")


def _follow_all() -> int:
    """The first line is what is going on now, as the daemon tells it."""
    while True:
        with connect() as connection:
            try:
                output().json(connection.request("event/subscribe", {"all": True}))
                while True:
                    output().json(connection.notification())
            except Disconnected as gone:
                errors().say(f"claudette: {gone}; connecting again")


VERBS = {"events": (declare_events, run_events)}
