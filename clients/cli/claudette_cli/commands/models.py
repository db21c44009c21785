"""Owns the command about models: pick one on a terminal, list them in a pipe."""

from __future__ import annotations

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE, FAILED, NOT_FOUND, Failure
from claudette_cli.terminal.output import attended, line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]


def declare_model(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="without one: the default for new chats")
    parser.add_argument("model", nargs="?", help="provider/model; without one: pick or list")
    parser.add_argument("--refresh", action="store_true", help="find out again which can be used")
    parser.add_argument(
        "--search", default="", metavar="TEXT", help="list only models that contain this"
    )
    parser.add_argument("--all", action="store_true", help="list every model of each provider")
    options.json(parser)


def run_model(arguments: Namespace) -> int:
    with Daemon() as daemon:
        if arguments.chat and not arguments.model and _is_a_model(daemon, arguments.chat):
            arguments.chat, arguments.model = None, arguments.chat
        chat = choosing.chat_id(daemon, arguments.chat) if arguments.chat else None
        if arguments.model:
            return _choose(daemon, chat, arguments.model, arguments.json)
        told = _known(daemon, look=arguments.refresh)
        current = _current(daemon, chat, told)
        if arguments.json:
            rows = told.get("models", [])
            output().json([{**row, "current": row["id"] == current} for row in rows])
            return DONE
        if attended() and not (arguments.search or arguments.all):
            return _pick(daemon, chat, told, current)
        return _list(told, current, arguments.search, every=arguments.all)


def pick_for(daemon: Daemon, chat: str) -> int:
    """Lets the person pick a chat's model. Raises Failure where none can be used."""
    told = _known(daemon)
    return _pick(daemon, chat, told, _current(daemon, chat, told))


def _known(daemon: Daemon, *, look: bool = False) -> Json:
    """They are looked for where nobody has yet."""
    told = daemon.call("model/refresh" if look else "model/list")
    if not told.get("refreshedAt") and not look:
        told = daemon.call("model/refresh")
    return dict(told)


def _is_a_model(daemon: Daemon, word: str) -> bool:
    return "/" in word or not any(True for _ in choosing.begun_by(daemon, word))


def _current(daemon: Daemon, chat: str | None, told: Json) -> str:
    if chat is None:
        return str(told.get("default", ""))
    known = daemon.call("chat/get", {"chatId": chat})["chat"]
    return str(known.get("modelUsed") or known.get("model") or "")


def _choose(daemon: Daemon, chat: str | None, model: str, as_json: bool) -> int:
    """The daemon knows which model is meant; it may be named with its backend, such as `pi/`."""
    if chat:
        told = daemon.call("chat/configure", {"chatId": chat, "model": model})["chat"]
        meant = told.get("model", model)
    else:
        told = daemon.call("setting/set", {"key": "default_model", "value": model})["setting"]
        meant = told.get("value", model)
    output().json(told) if as_json else output().say(f"Model set to {meant}")
    return DONE


def _pick(daemon: Daemon, chat: str | None, told: Json, current: str) -> int:
    from claudette_cli.terminal.picking import pick

    usable = [model for model in told.get("models", []) if model.get("usable", True)]
    if not usable:
        raise Failure(_why_none(told), FAILED)
    picked = pick(usable, current)
    return _choose(daemon, chat, picked, False) if picked else DONE


def _list(told: Json, current: str, search: str, *, every: bool) -> int:
    """As the picker shows them: the newest few of each provider, unless all are wanted."""
    from claudette_cli.terminal.picking import Choice, window

    models = told.get("models", [])
    choice = Choice(models, current)
    if every:
        choice.show_all()
    choice.search(search)
    head = ""
    for row in choice.rows:
        if choice.heading(row) != head:
            head = choice.heading(row)
            output().say(line(head))
        mark = "•" if row["id"] == current else " "
        unusable = "" if row.get("usable", True) else "  (not usable)"
        output().say(line(f"  {mark} {row['id']}{window(row)}{unusable}"))
    if why := _why_none(told):
        output().say(output().paint(why, "yellow"))
    if search and not choice.rows:
        raise Failure(f"No model matches {search!r}; see: claudette model --all", NOT_FOUND)
    if more := 0 if search else len(models) - len(choice.rows):
        output().say(f"{more} more; to list them: claudette model --all")
    return DONE


def _why_none(told: Json) -> str:
    return " ".join(filter(None, [told.get("advice", ""), told.get("trouble", "")]))


VERBS = {"model": (declare_model, run_model)}
