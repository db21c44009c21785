"""Owns the commands about what runs and what it takes: ps, jobs, du, logs."""

from __future__ import annotations

import json
import os
import time

from claudette_cli import choosing
from claudette_cli.calling import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE, NOT_FOUND, Failure
from claudette_cli.terminal import clip, exact, harmless, output
from claudetted.protocol import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any, TextIO

    Json = dict[str, Any]

_FOLLOW_SECONDS = 0.3


def declare_ps(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="only this chat's processes")
    options.json(parser)


def run_ps(arguments: Namespace) -> int:
    return _print(arguments, _processes(arguments.chat))


def run_jobs(arguments: Namespace) -> int:
    found = _processes(arguments.chat)
    return _print(arguments, [process for process in found if process["kind"] == "job"])


def _processes(chat: str | None) -> list[Json]:
    with Daemon() as daemon:
        params = {"chatId": choosing.chat_id(daemon, chat)} if chat else {}
        return list(daemon.call("process/list", params).get("processes", []))


def _print(arguments: Namespace, processes: list[Json]) -> int:
    from claudette_cli.rendering.figures import size

    if arguments.json:
        output().json(processes)
        return DONE
    for process in processes:
        about = process.get("title") or process["command"]
        if process["kind"] == "job":
            about = process["command"]
        memory = size(process.get("memory", 0))
        head = f"{process['pid']:>8}  {process['kind']:<8} {memory:>9}"
        chat = process.get("chatId") or ""
        why = output().paint(process.get("why", ""), "dim")
        output().say(f"{head}  {chat:<12}  {clip(exact(about), output().room(82))}  {why}")
    return DONE


def declare_du(parser: ArgumentParser) -> None:
    options.json(parser)


def run_du(arguments: Namespace) -> int:
    """Reads the directories itself: it needs no daemon."""
    from claudette_cli.rendering.figures import size

    data = places.data_dir()
    parts = {
        "journal": sum(_file_size(path) for path in data.glob("claudetted.db*")),
        "chats": _tree_size(data / "chats"),
        "harness": _tree_size(data / "harness"),
        "log": _tree_size(places.log_dir()),
    }
    largest = sorted(_chat_sizes(data / "chats"), key=lambda row: -row[1])[:10]
    if arguments.json:
        output().json({"dataDir": str(data), **parts, "largestChats": dict(largest)})
        return DONE
    output().say(output().paint(str(data), "dim"))
    for name, bytes_ in [*parts.items(), *((f"  {chat}", taken) for chat, taken in largest)]:
        output().say(f"{size(bytes_):>10}  {name}")
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


def declare_logs(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="only lines that name this chat")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as lines come")
    parser.add_argument("-n", "--lines", type=int, default=100, help="the last so many (100)")
    options.json(parser)


def run_logs(arguments: Namespace) -> int:
    path = places.log_dir() / "claudetted.log"
    if not path.exists():
        raise Failure(f"There is no log yet at {path}.", NOT_FOUND)
    with path.open(encoding="utf-8", errors="replace") as file:
        wanted = [line for line in file if _names(line, arguments.chat)]
        for line in wanted[-arguments.lines :]:
            _print_line(line, arguments.json)
        while arguments.follow:
            _follow(file, path, arguments)
    return DONE


def _follow(file: TextIO, path: Path, arguments: Namespace) -> None:
    line = file.readline()
    if line:
        if _names(line, arguments.chat):
            _print_line(line, arguments.json)
        return
    time.sleep(_FOLLOW_SECONDS)
    if path.exists() and path.stat().st_size < file.tell():
        file.seek(0)  # it was rotated


def _names(line: str, chat: str | None) -> bool:
    return chat is None or chat in line


def _print_line(line: str, raw: bool) -> None:
    try:
        entry = json.loads(line)
    except ValueError:
        raw = True
    if raw:
        output().write(harmless(line))
        return
    at = output().paint(entry["at"][11:23], "dim")
    colour = {"error": "red", "warning": "yellow"}.get(entry["level"], "dim")
    level = output().paint(f"{entry['level']:<7}", colour)
    output().say(f"{at} {level} {harmless(entry['message'])}")
    if "traceback" in entry:
        output().say(harmless(entry["traceback"]))


VERBS = {
    "ps": (declare_ps, run_ps),
    "jobs": (declare_ps, run_jobs),
    "du": (declare_du, run_du),
    "logs": (declare_logs, run_logs),
}
