"""Owns what only the daemon knows of the words of a command line."""

from __future__ import annotations

import os

from claudette_cli.client import finding
from claudette_cli.exits import Disconnected, Failure
from claudette_cli.terminal.output import cut, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claudette_cli.client.connection import Connection

    Found = list[tuple[str, str]]

_CHATS = 200


def ask(kind: str) -> Found:
    """The ids with what they stand for; nothing when no daemon runs or it does not tell."""
    if os.environ.get("CLAUDETTE_HOST"):
        return []  # nobody waits for a network at a Tab
    guess = finding.guessed_data_dir()
    if guess and not os.path.exists(os.path.join(guess, finding.LOCK)):
        return []  # looking elsewhere would take longer than all the rest
    try:
        connection = finding.running()
        if connection is None:
            return []
        with connection:
            return _ASKING[kind](connection)
    except (Failure, Disconnected, OSError):
        return []


def _chats(connection: Connection) -> Found:
    told = connection.request("chat/list", {"limit": _CHATS})
    return [(chat["id"], _short(chat.get("title", ""))) for chat in told.get("chats", [])]


def _agents(connection: Connection) -> Found:
    told = connection.request("harness/list")
    return [(agent["id"], _short(agent["name"])) for agent in told.get("harnesses", [])]


def _models(connection: Connection) -> Found:
    told = connection.request("model/list")
    return [
        (model["id"], _short(model["name"]))
        for model in told.get("models", [])
        if model.get("usable", True)
    ]


def _permissions(connection: Connection) -> Found:
    told = connection.request("permission/list", {})
    found = []
    for asked in told.get("permissions", []):
        request = asked["request"]
        what = request.get("command") or " ".join(request.get("paths", []))
        found.append((asked["id"], _short(f"{request['tool']} {what}")))
    return found


def _settings(connection: Connection) -> Found:
    told = connection.request("setting/list")
    return [(one["key"], _short(one.get("about", ""))) for one in told.get("settings", [])]


def _rules(connection: Connection) -> Found:
    told = connection.request("rule/list", {})
    return [(rule["id"], _short(rule["text"])) for rule in told.get("rules", [])]


def _short(text: str) -> str:
    return cut(line(text), 60)


_ASKING = {
    "agent": _agents,
    "chat": _chats,
    "model": _models,
    "permission": _permissions,
    "setting": _settings,
    "rule": _rules,
}
