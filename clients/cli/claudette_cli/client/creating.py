"""Owns opening a chat in a directory, with what this shell brings to its commands."""

from __future__ import annotations

from contextlib import suppress

from claudette_cli.client import environment, finding
from claudette_cli.client.daemon import Daemon, new_key
from claudette_cli.exits import Disconnected, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    Json = dict[str, Any]


_CHOSEN = ("model", "backend", "level", "thinking", "title", "broad")


def chosen(arguments: Namespace) -> Json:
    """The parameters of `chat/create` that a command line names."""
    named = {name: value for name in _CHOSEN if (value := getattr(arguments, name, None))}
    agent = getattr(arguments, "agent", None)
    return {**named, "harness": agent} if agent else named


def create(daemon: Daemon, cwd: str, **chosen: Any) -> Json:
    """The new chat. `chosen` are further parameters of `chat/create`, such as a model."""
    params: Json = {"cwd": cwd, "env": environment.carried(), "key": new_key(), **chosen}
    return dict(daemon.call("chat/create", params)["chat"])


def remove_unused(chat_id: str) -> None:
    """Deletes a chat that nobody said anything in. A daemon that is gone is not started for it."""
    connection = finding.running()
    if connection is None:
        return
    with connection, suppress(Refused, Disconnected):
        chat = connection.request("chat/get", {"chatId": chat_id})["chat"]
        said = connection.request("chat/history", {"chatId": chat_id, "limit": 1})
        waiting = chat.get("queueLength") or chat.get("status", {}).get("name") == "running"
        if not said.get("items") and not waiting and not chat.get("title"):
            connection.request("chat/delete", {"chatId": chat_id})
