"""Owns going from one chat to another without leaving the terminal."""

from __future__ import annotations

import os
from typing import NamedTuple

from claudette_cli import choosing
from claudette_cli.client.creating import create
from claudette_cli.client.daemon import Daemon
from claudette_cli.exits import DONE, Failure
from claudette_cli.terminal.output import columns, line
from claudette_cli.terminal.picking import pick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

_STATUS = 10


class Next(NamedTuple):
    """The chat to sit in now."""

    chat_id: str
    unused: bool = False
    """Whether it was made for this and goes again when nobody uses it."""


def choose(current: str, wanted: str) -> Next:
    """The chat that is named; without a name the one that the person picks, or the current one
    where they pick none. Raises Failure for a name that no chat has."""
    with Daemon() as daemon:
        if wanted:
            return Next(choosing.chat_id(daemon, wanted))
        rows = [_row(number, chat) for number, chat in enumerate(choosing.used(daemon), 1)]
    places = list(dict.fromkeys(row["group"] for row in rows))
    found = pick(sorted(rows, key=lambda row: places.index(row["group"])), current)
    return Next(found or current)


def begin(current: str, agent: str) -> Next:
    """A new chat in the same directory; without a name with the agent of the defaults. Raises
    Failure."""
    with Daemon() as daemon:
        place = daemon.call("chat/get", {"chatId": current})["chat"]["cwd"]
        chosen = {"harness": agent} if agent else {}
        return Next(str(create(daemon, place, **chosen)["id"]), unused=True)


def pick_model(current: str) -> Next:
    """Another model for the chat, picked by the person. Raises Failure."""
    # Imported here: it brings the command that does the same in a shell.
    from claudette_cli.commands.models import pick_for

    with Daemon() as daemon:
        pick_for(daemon, current)
    return Next(current)


def sign_in(current: str, agent: Json) -> Next:
    """Signs in with the agent's own program, on this terminal, and goes on to a chat of that
    agent. Raises Failure."""
    # Imported here: it brings the command that does the same in a shell.
    from claudette_cli.commands.providers import sign_in_there

    if sign_in_there(agent) != DONE:
        raise Failure(f"{agent['name']} is not signed in.")
    with Daemon() as daemon:
        chat = daemon.call("chat/get", {"chatId": current})["chat"]
    return Next(current) if chat["harness"] == agent["id"] else begin(current, agent["id"])


def _row(number: int, chat: Json) -> Json:
    """As the picker has it, the chats of one directory together."""
    status = chat.get("status", {}).get("name", "idle")
    mark = "!" if chat.get("attention") else " "
    title = chat.get("title") or "(no title)"
    blanks = " " * max(0, _STATUS - columns(status))
    home = os.path.expanduser("~")
    return {
        "id": chat["id"],
        "name": title,
        "group": line(chat["cwd"].replace(home, "~", 1)),
        "label": f"{number:>3} {mark} {status}{blanks} {title}",
        "primary": True,
    }
