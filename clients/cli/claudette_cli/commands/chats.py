"""Owns the commands about chats: new, ls, show, history, rename, configure and their ends."""

from __future__ import annotations

import os
import time

from claudette_cli import choosing, directory
from claudette_cli.choosing import ID_LENGTH, NUMBER_LENGTH
from claudette_cli.client import creating
from claudette_cli.client.daemon import Daemon, new_key
from claudette_cli.commands import options
from claudette_cli.exits import DONE, USAGE, Failure
from claudette_cli.terminal.output import Terminal, attended, cut, cut_before, line, output, padded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

_PAGE = 50
_LEGEND = """
number · id · ! when it needs you · what it does · title · last used · directory
A chat is named by its number, its id, or the beginning of its id or title."""


def declare_new(parser: ArgumentParser) -> None:
    parser.add_argument("dir", nargs="?", default=".", help="where to work (here)")
    parser.add_argument("message", nargs="?", help="the first message; - reads it from stdin")
    options.image(parser)
    options.how_to_work(parser)
    parser.add_argument("--title", help="name of the chat")
    parser.add_argument("--broad", action="store_true", help="allow / or the home directory itself")
    options.json(parser)


def run_new(arguments: Namespace) -> int:
    message = _first_message(arguments)
    with Daemon() as daemon:
        chat = _create(daemon, arguments)
        if message is not None:
            daemon.call("turn/send", {"chatId": chat["id"], "key": new_key(), **message})
    if arguments.json:
        output().json(chat)
    elif attended():
        from claudette_cli.attach.command import sit_in

        unused = message is None and not arguments.title
        return sit_in(chat["id"], unused=unused)
    else:
        output().say(chat["id"])
    return DONE


def _first_message(arguments: Namespace) -> Json | None:
    """What `turn/send` takes of it; nothing is created for one that cannot be sent."""
    if arguments.message is None:
        if arguments.image:
            raise Failure(
                "An image goes with a message: claudette new . 'message' --image PATH", USAGE
            )
        return None
    from claudette_cli.commands import turns

    message: Json = {"text": turns.text_of(arguments.message)}
    shown = turns.images_of(arguments.image)
    return message | {"images": shown} if shown else message


def _create(daemon: Daemon, arguments: Namespace) -> Json:
    """A new chat as the arguments say."""
    place = directory.absolute(arguments.dir)
    if not os.path.exists(place) and arguments.message is None and " " in arguments.dir:
        raise Failure(
            f"{arguments.dir!r} is not a directory; to start with a message, name the directory "
            "first: claudette new . 'message'",
            USAGE,
        )
    return creating.create(daemon, place, **creating.chosen(arguments))


def declare_ls(parser: ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="all chats, not only recent ones")
    parser.add_argument("--archived", action="store_true", help="only archived chats")
    parser.add_argument("--legend", action="store_true", help="say what the columns are")
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
    _print_table(chats, numbered=not arguments.archived)
    if arguments.legend:
        output().say(_LEGEND)
    if page.get("cursor"):
        output().say(output().paint("… and older ones: claudette ls --all", "dim"))
    return DONE


def _print_table(chats: list[Json], *, numbered: bool) -> None:
    from claudette_cli.rendering.figures import ago

    terminal = output()
    if not chats:
        terminal.say("No chats. Start one with: claudette new")
        return
    now = time.time()
    styles = {"running": "green", "waiting": "yellow", "failed": "red", "stopping": "yellow"}
    room = _Room(terminal, numbered=numbered)
    for number, chat in enumerate(chats, 1):
        status = chat.get("status", {}).get("name", "idle")
        mark = "!" if chat.get("attention") else " "
        title = padded(line(chat.get("title", "") or "(no title)"), room.title)
        place = cut_before(line(_short(chat["cwd"])), room.place)
        when = f"{ago(chat.get('updatedAt', ''), now):<10}  " if room.when else ""
        counted = terminal.paint(f"{number:>{NUMBER_LENGTH}} ", "dim") if room.number else ""
        row = (
            f"{counted}{chat['id']} {terminal.paint(mark, 'yellow', 'bold')} "
            f"{terminal.paint(f'{status:<10}', *filter(None, [styles.get(status)]))} "
            f"{title}  {when}{terminal.paint(place, 'dim')}"
        )
        terminal.say(row.rstrip())


class _Room:
    """Columns for what differs in length: a narrow terminal has fewer, a pipe as many as wanted.

    What has no room at all is left out; an id is never cut.
    """

    def __init__(self, terminal: Terminal, *, numbered: bool) -> None:
        self.when, self.number, self.title, self.place = True, False, 40, 100_000
        if not terminal.interactive:
            return
        left = terminal.width - 1 - (ID_LENGTH + 3 + 10 + 1 + 2)
        self.number = numbered and left >= 30
        left -= NUMBER_LENGTH + 1 if self.number else 0
        self.when = left >= 35
        left -= 12 if self.when else 0
        self.title = max(8, min(40, left if not self.when else left * 3 // 5))
        self.place = max(0, left - self.title)


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
    parser.add_argument("--hidden", action="store_true", help="include messages hidden by a reset")
    parser.add_argument("--whole", action="store_true", help="do not shorten long items")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print JSON, for scripts; items name their images, whose bytes are read with: "
        "claudette rpc item/image",
    )


def run_history(arguments: Namespace) -> int:
    from claudette_cli.client.reading import history
    from claudette_cli.rendering.items import Painter

    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        limit = None if arguments.all else arguments.limit
        items = history(daemon, chat_id, limit, hidden=arguments.hidden)
    if arguments.json:
        output().json(items)
        return DONE
    painter = Painter(output(), whole=arguments.whole)
    for item in items:
        if lines := painter.item(item):
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
    parser.add_argument("--hide", action="store_true", help="hide the earlier messages")
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
    if arguments.agent:
        wanted["harness"] = arguments.agent
    if not wanted:
        raise Failure("Nothing to change; name --model, --backend, --level or --thinking.", USAGE)
    return _change(arguments, "chat/configure", wanted)


def declare_move(parser: ArgumentParser) -> None:
    options.chat_or_here(parser)
    parser.add_argument("dir", help="where the chat is to work from its next turn on")
    parser.add_argument("--broad", action="store_true", help="allow / or the home directory itself")
    options.json(parser)


def run_move(arguments: Namespace) -> int:
    params: Json = {"cwd": os.path.abspath(arguments.dir)}
    if arguments.broad:
        params["broad"] = True
    with Daemon() as daemon:
        chat_id = choosing.chat_or_here(daemon, arguments.chat)
        chat = daemon.call("chat/configure", {"chatId": chat_id} | params)["chat"]
    if arguments.json:
        output().json(chat)
    else:
        output().say(f"{chat_id} works in {line(chat['workspace'])} from its next turn on.")
    return DONE


def declare_delete(parser: ArgumentParser) -> None:
    options.chat(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask on a terminal")
    parser.add_argument(
        "--vendor-history",
        action="store_true",
        help="remove what the agent's own program keeps of the chat, too",
    )
    options.json(parser)


def run_delete(arguments: Namespace) -> int:
    if choosing.is_number(arguments.chat) and not attended():
        raise Failure("A number may mean another chat by now: name the chat by its id.", USAGE)
    with Daemon() as daemon:
        chat_id = choosing.chat_id(daemon, arguments.chat)
        if not arguments.yes and attended():
            chat = daemon.call("chat/get", {"chatId": chat_id})["chat"]
            title = cut(line(chat.get("title", "") or "without a title"), 60)
            question = f"Delete {chat_id} ({title}) with its whole history? [y/N] "
            if input(question).strip().lower() not in ("y", "yes"):
                raise Failure("Nothing was deleted.")
        traces = daemon.call("chat/traces", {"chatId": chat_id})
        whole = arguments.vendor_history
        left = daemon.call("chat/erase" if whole else "chat/delete", {"chatId": chat_id})
    kept = left.get("kept", []) if whole else _traced(traces)
    if arguments.json:
        output().json({"vendorHistory": kept})
    elif kept:
        advice = "" if whole else " (--vendor-history removes it)"
        output().say(f"The agent's own program keeps in its history{advice}:")
        output().say("\n".join(line(one) for one in kept))
    if whole and kept:
        raise Failure(line(left.get("problem", "")))
    return DONE


def _traced(traces: Json) -> list[str]:
    return [*traces.get("paths", []), *traces.get("sessions", [])]


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
    "move": (declare_move, run_move),
    "delete": (declare_delete, run_delete),
}
