"""Owns the commands about what runs and what it takes: ps, jobs, du."""

from __future__ import annotations

import os

from claudette_cli import choosing
from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE, FAILED, USAGE, Failure
from claudette_cli.terminal.output import columns, cut, line, output
from claudetted.protocol import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    Json = dict[str, Any]


_OUTPUTS = "chats/*/tmp/pi-bash-*.log"
"""What Pi keeps of long outputs until their turn ends."""
_WIDE = 70
"""Columns; below it a row of processes has no room for memory and reasons."""
_ABOUT = {"outputs": "outputs, of running turns' commands, counted in chats, too"}


def declare_ps(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="only this chat's processes")
    options.json(parser)


def run_ps(arguments: Namespace) -> int:
    return _print(arguments, _processes(arguments.chat))


def declare_jobs(parser: ArgumentParser) -> None:
    parser.add_argument(
        "words",
        nargs="*",
        metavar="[CHAT] | end CHAT [PID]",
        help="the jobs of this chat alone; end: ends one of them with what it has started",
    )
    parser.add_argument("--all", action="store_true", help="with end: all jobs of the chat")
    options.json(parser)


def run_jobs(arguments: Namespace) -> int:
    words = arguments.words
    if words[:1] == ["end"]:
        return _end(arguments, *words[1:])
    if len(words) > 1 or arguments.all:
        raise Failure("To end a job: claudette jobs end CHAT PID", USAGE)
    found = _processes(words[0] if words else None)
    jobs = [process for process in found if process["kind"] == "job"]
    if not jobs and not arguments.json:
        output().say("No jobs are running.")
    return _print(arguments, jobs)


def _end(arguments: Namespace, chat: str = "", pid: str = "", *more: str) -> int:
    if not chat or more or bool(pid) == arguments.all or (pid and not pid.isdecimal()):
        message = "Say which job: claudette jobs end CHAT PID, or --all; see: claudette jobs"
        raise Failure(message, USAGE)
    with Daemon() as daemon:
        params = {"chatId": choosing.chat_id(daemon, chat), **({"pid": int(pid)} if pid else {})}
        result = daemon.call("process/end", params)
    ended, left = result.get("ended", []), result.get("left", [])
    if arguments.json:
        output().json(result)
    elif not ended and not left:
        output().say("The chat has no jobs.")
    for process in () if arguments.json else ended:
        output().say(f"Ended {process['pid']}: {cut(line(process['command']), output().room(20))}")
    if left:
        numbers = ", ".join(str(process["pid"]) for process in left)
        raise Failure(f"Not ended, even by SIGKILL: {numbers}", FAILED)
    return DONE


def _processes(chat: str | None) -> list[Json]:
    with Daemon() as daemon:
        params = {"chatId": choosing.chat_id(daemon, chat)} if chat else {}
        return list(daemon.call("process/list", params).get("processes", []))


def _print(arguments: Namespace, processes: list[Json]) -> int:
    if arguments.json:
        output().json(processes)
        return DONE
    for process in processes:
        row, why = fitted(process, output().room(1))
        output().say(f"{row}{output().paint(why, 'dim')}")
    return DONE


def fitted(process: Json, width: int) -> tuple[str, str]:
    """A row of the table in so many columns, and its last part, which is why the process runs. An
    id is whole on every terminal. Pure."""
    from claudette_cli.rendering.figures import size

    kind, chat, why = process["kind"], process.get("chatId") or "", line(process.get("why", ""))
    about = line(
        process["command"] if kind == "job" else process.get("title") or process["command"]
    )
    if width < _WIDE:
        head = f"{process['pid']:>7} {chat or kind:<12} "
        return head + cut(about, width - len(head)), ""
    head = f"{process['pid']:>8}  {kind:<8} {size(process.get('memory', 0)):>9}  {chat:<12}  "
    room = width - len(head) - 2
    why = cut(why, max(room // 2, room - columns(about)))
    return f"{head}{cut(about, room - columns(why))}  ", why


def declare_du(parser: ArgumentParser) -> None:
    options.json(parser)


def run_du(arguments: Namespace) -> int:
    """Reads the directories itself: it needs no daemon."""
    from claudette_cli.rendering.figures import size

    data = places.data_dir()
    parts = {
        "journal": sum(_file_size(path) for path in data.glob("claudetted.db*")),
        "chats": _tree_size(data / "chats"),
        "outputs": sum(_file_size(path) for path in data.glob(_OUTPUTS)),
        "harness": _tree_size(data / "harness"),
        "log": _tree_size(places.log_dir()),
    }
    largest = sorted(_chat_sizes(data / "chats"), key=lambda row: -row[1])[:10]
    if arguments.json:
        output().json({"dataDir": str(data), **parts, "largestChats": dict(largest)})
        return DONE
    output().say(output().paint(str(data), "dim"))
    for name, bytes_ in [*parts.items(), *((f"  {chat}", taken) for chat, taken in largest)]:
        output().say(f"{size(bytes_):>10}  {_ABOUT.get(name, name)}")
    return DONE


def _chat_sizes(directory: Path) -> Iterator[tuple[str, int]]:
    for chat in directory.iterdir() if directory.is_dir() else ():
        yield chat.name, _tree_size(chat)


def _tree_size(directory: Path) -> int:
    return sum(
        _file_size(os.path.join(parent, name))
        for parent, _, names in os.walk(directory)
        for name in names
    )


def _file_size(path: str | Path) -> int:
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0  # it went away while we looked


VERBS = {
    "ps": (declare_ps, run_ps),
    "jobs": (declare_jobs, run_jobs),
    "du": (declare_du, run_du),
}
