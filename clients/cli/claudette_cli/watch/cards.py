"""Owns going through the cards that wait, at a terminal, with one key for each."""

from __future__ import annotations

from functools import partial

from claudette_cli.client import deciding
from claudette_cli.client.daemon import Daemon
from claudette_cli.client.reading import whole_request
from claudette_cli.exits import Refused
from claudette_cli.rendering import cards
from claudette_cli.terminal.keys import Keys
from claudette_cli.terminal.output import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

SKIP, LEAVE = "s", "q"


def answer(waiting: list[Json], terminal: Terminal) -> None:
    """Shows each card and acts on the key; who leaves or skips decides nothing."""
    with Keys() as reading:
        for permission in waiting:
            lines = cards.card(permission, terminal)
            chat = terminal.paint(f"chat {permission['chatId']}", "dim")
            reading.discard()
            terminal.say("\n".join(["", chat, *lines, _keys(permission, terminal)]))
            if not _answered(permission, reading, terminal):
                return


def _answered(permission: Json, reading: Keys, terminal: Terminal) -> bool:
    """Whether to go on with the next card."""
    while True:
        reading.resumed = partial(terminal.say, _keys(permission, terminal))
        key = reading.pressed()
        hidden = cards.must_be_viewed(permission)
        if hidden and key == cards.VIEW:
            permission = _show_whole(permission, reading, terminal)
            continue
        if hidden and key in cards.SCOPE_KEYS:
            terminal.say(hidden)
            continue
        if key in cards.SCOPE_KEYS and (scope := cards.scope_of(permission, key)):
            _decide(permission, terminal, "allow", scope=scope)
        elif key == "d":
            _decide(permission, terminal, "deny")
        elif key == "r":
            _decide(permission, terminal, "deny", reading.line("Why not? "))
        elif key not in (SKIP, LEAVE):
            continue
        return key != LEAVE


def _show_whole(permission: Json, reading: Keys, terminal: Terminal) -> Json:
    with Daemon() as daemon:
        whole = whole_request(daemon, permission)
    reading.discard()
    terminal.say("\n".join([*cards.card(whole, terminal), _keys(whole, terminal)]))
    return whole


def _keys(permission: Json, terminal: Terminal) -> str:
    rows = cards.keys(permission, terminal.width - 1, f"{SKIP} skip", f"{LEAVE} leave")
    return "\n".join(terminal.paint(row, "bold") for row in rows)


def _decide(
    permission: Json, terminal: Terminal, decision: str, reason: str = "", scope: str = "once"
) -> None:
    try:
        result = deciding.decide(permission, decision, reason, scope)
    except Refused as refused:
        if not deciding.gone(refused):
            raise
        terminal.say(refused.message)
    else:
        terminal.say(cards.decided(result))
