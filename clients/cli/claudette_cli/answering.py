"""Owns going through the cards that wait, at a terminal, with one key for each."""

from __future__ import annotations

from claudette_cli import deciding
from claudette_cli.exits import Refused
from claudette_cli.keys import Keys
from claudette_cli.rendering import cards
from claudette_cli.terminal import Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

SKIP, LEAVE = "s", "q"


def answer(waiting: list[Json], terminal: Terminal) -> None:
    """Shows each card and acts on the key; who leaves or skips decides nothing."""
    with Keys() as reading:
        for permission in waiting:
            keys = f"{cards.keys(permission)} · {SKIP} skip · {LEAVE} leave"
            lines = cards.card(permission, terminal)
            chat = terminal.paint(f"chat {permission['chatId']}", "dim")
            reading.discard()
            terminal.say("\n".join(["", chat, *lines, terminal.paint(keys, "bold")]))
            if not _answered(permission, reading, terminal):
                return


def _answered(permission: Json, reading: Keys, terminal: Terminal) -> bool:
    """Whether to go on with the next card."""
    while True:
        key = reading.pressed()
        if key in cards.SCOPE_KEYS and (scope := cards.scope_of(permission, key)):
            _decide(permission, terminal, "allow", scope=scope)
        elif key == "d":
            _decide(permission, terminal, "deny")
        elif key == "r":
            _decide(permission, terminal, "deny", reading.line("Why not? "))
        elif key not in (SKIP, LEAVE):
            continue
        return key != LEAVE


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
