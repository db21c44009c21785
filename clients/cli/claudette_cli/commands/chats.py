"""Owns the commands about chats: new, ls, show, history, rename, configure and their ends."""

from __future__ import annotations

import os
import time

from claudette_cli import choosing
from claudette_cli.calling import Daemon, new_key
from claudette_cli.commands import options
from claudette_cli.exits import DONE, USAGE, Failure
from claudette_cli.terminal import attended, clip, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

ENVIRONMENT = ("PATH", "VIRTUAL_ENV", "SSH_AUTH_SOCK", "LANG", "LANGUAGE", "TZ")
_PAGE = 50


def declare_new(parser: ArgumentParser) -> None:
    parser.add_argument("dir", nargs="?", default=".", help="where to work (here)")
    parser.add_argument("message", nargs="?", help="what to begin with; - reads it from stdin")
    options.how_to_work(parser)
    parser.add_argument("--title", help="name of the chat")
    parser.add_argument("--broad", action="store_true", help="allow / or the home directory itself")
    options.json(parser)


def run_new(arguments: Namespace) -> int:
    message = None
    if arguments.message is not None:
        from claudette_cli.commands.turns import text_of

        message = text_of(arguments.message)
    with Daemon() as daemon:
        chat = create(daemon, arguments)
        if message is not None:
            params = {"chatId": chat["id"], "text": message, "key": new_key()}
            daemon.call("turn/send", params)
    if arguments.json:
        output().json(chat)
    elif attended():
        from claudette_cli.attach.command import sit_in

        return sit_in(chat["id"])
    else:
        output().say(chat["id"])
    return DONE


def create(daemon: Daemon, arguments: Namespace) -> Json:
    """A new chat as the arguments say."""
    directory = os.path.abspath(arguments.dir)
    if not os.path.exists(directory) and arguments.message is None and " " in arguments.dir:
        raise Failure(
            f"{arguments.dir!r} is no directory; to begin with a message, name the directory "
            "first: claudette new . 'message'",
            USAGE,
        )
    params: Json = {"cwd": directory, "env": environment(), "key": new_key()}
    named = ("model", "backend", "level", "thinking", "title")
    params |= {name: value for name in named if (value := getattr(arguments, name, None))}
    if arguments.broad:
        params["broad"] = True
    return dict(daemon.call("chat/create", params)["chat"])


def environment() -> dict[str, str]:
    """The part of this shell's environment that the agent's commands shall have."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in ENVIRONMENT or name.startswith("LC_")
    }


def declare_ls(parser: ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="all chats, not only the last used")
    parser.add_argument("--archived", action="store_true", help="the archived chats instead")
    options.json(parser)


def run_ls(arguments: Namespace) -> int:
    params: Json = {"limit": _PAGE, "archived": arguments.archived}
    with Daemon() as daemon:
        page = daemon.call("chat/list", params)
        chats = page.get("chats", [])
        while arguments.all and page.get("cursor"):
            page = daemon.call("chat/list", params | {"cursor": page["cursor"]})
            chats += page.get("chats", [])
    if arguments.json:
        output().json(chats)
        return DONE
    _print_table(chats)
    if page.get("cursor"):
        output().say(output().paint("… and older ones: claudette ls --all", "dim"))
    return DONE


def _print_table(chats: list[Json]) -> None:
    from claudette_cli.rendering.figures import ago

    terminal = output()
    if not chats:
        terminal.say("No chats. Begin one with: claudette new")
        return
    now = time.time()
    styles = {"running": "green", "waiting": "yellow", "failed": "red", "stopping": "yellow"}
    for chat in chats:
        status = chat.get("status", {}).get("name", "idle")
        mark = "!" if chat.get("attention") else " "
        title = clip(chat.get("title", "") or "(no title)", 40)
        place = _short(chat["cwd"])
        when = ago(chat.get("updatedAt", ""), now)
        terminal.say(
            f"{chat['id']} {terminal.paint(mark, 'yellow', 'bold')} "
            f"{terminal.paint(f'{status:<10}', *filter(None, [styles.get(status)]))} "
            f"{title:<40}  {when:<10}  {terminal.paint(place, 'dim')}"
        )


def _short(directory: str) -> str:
    home = os.path.expanduser("~")
    inside = directory == home or directory.startswith(home + "/")
    return "~" + directory[len(home) :] if inside else directory


def declare_show(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    options.json(parser)


def run_show(arguments: Namespace) -> int:
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        chat = daemon.call("chat/get", {"chatId": chat_id})["chat"]
    if arguments.json:
        output().json(chat)
        return DONE
    from claudette_cli.rendering.details import details

    for name, value in details(chat):
        output().say(f"{output().paint(f'{name:<12}', 'dim')} {value}")
    return DONE


def declare_history(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    parser.add_argument("--limit", type=options.how_many, default=50, help="how many items (50)")
    parser.add_argument("--all", action="store_true", help="all items")
    parser.add_argument("--hidden", action="store_true", help="also what a reset has hidden")
    parser.add_argument("--whole", action="store_true", help="fold nothing")
    options.json(parser)


def run_history(arguments: Namespace) -> int:
    from claudette_cli.reading import history
    from claudette_cli.rendering.items import Painter

    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        limit = None if arguments.all else arguments.limit
        items = history(daemon, chat_id, limit, hidden=arguments.hidden)
    painter = Painter(output(), whole=arguments.whole)
    for item in items:
        if arguments.json:
            output().json(item)
        elif lines := painter.item(item):
            output().say("\n".join(lines) + "\n")
    return DONE


def declare_rename(parser: ArgumentParser) -> None:
    options.chat(parser)
    parser.add_argument("title", help="the new name")
    options.json(parser)


def run_rename(arguments: Namespace) -> int:
    return _change(arguments, "chat/rename", {"title": arguments.title})


def declare_plain(parser: ArgumentParser) -> None:
    options.chat(parser)
    options.json(parser)


def run_archive(arguments: Namespace) -> int:
    return _change(arguments, "chat/archive", {})


def run_restore(arguments: Namespace) -> int:
    return _change(arguments, "chat/restore", {})


def declare_reset(parser: ArgumentParser) -> None:
    options.chat(parser)
    parser.add_argument("--hide", action="store_true", help="hide what was said before")
    options.json(parser)


def run_reset(arguments: Namespace) -> int:
    return _change(arguments, "chat/reset", {"hide": True} if arguments.hide else {})


def declare_configure(parser: ArgumentParser) -> None:
    options.chat(parser)
    options.how_to_work(parser)
    options.json(parser)


def run_configure(arguments: Namespace) -> int:
    named = ("model", "backend", "level", "thinking")
    wanted = {name: value for name in named if (value := getattr(arguments, name))}
    if not wanted:
        raise Failure("Nothing to change; name --model, --backend, --level or --thinking.", USAGE)
    return _change(arguments, "chat/configure", wanted)


def declare_delete(parser: ArgumentParser) -> None:
    options.chat(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask on a terminal")
    options.json(parser)


def run_delete(arguments: Namespace) -> int:
    with Daemon() as daemon:
        chat_id = choosing.chat_id(daemon, arguments.chat)
        if not arguments.yes and attended():
            chat = daemon.call("chat/get", {"chatId": chat_id})["chat"]
            title = clip(chat.get("title", "") or "without a title", 60)
            question = f"Delete {chat_id} ({title}) with its whole history? [y/N] "
            if input(question).strip().lower() not in ("y", "yes"):
                raise Failure("Nothing was deleted.")
        daemon.call("chat/delete", {"chatId": chat_id})
    if arguments.json:
        output().json({})
    return DONE


def _change(arguments: Namespace, method: str, params: Json) -> int:
    with Daemon() as daemon:
        chat_id = choosing.chat_id(daemon, arguments.chat)
        result = daemon.call(method, {"chatId": chat_id} | params)
    if arguments.json:
        output().json(result.get("chat", result))
    return DONE


VERBS = {
    "new": (declare_new, run_new),
    "ls": (declare_ls, run_ls),
    "show": (declare_show, run_show),
    "history": (declare_history, run_history),
    "rename": (declare_rename, run_rename),
    "archive": (declare_plain, run_archive),
    "restore": (declare_plain, run_restore),
    "reset": (declare_reset, run_reset),
    "configure": (declare_configure, run_configure),
    "delete": (declare_delete, run_delete),
}
