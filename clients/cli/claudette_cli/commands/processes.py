"""Owns the commands about what runs and what it takes: ps, jobs, du."""

from __future__ import annotations

import os

from claudette_cli import choosing
from claudette_cli.calling import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE
from claudette_cli.terminal import clip, exact, output
from claudetted.protocol import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    Json = dict[str, Any]


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


VERBS = {
    "ps": (declare_ps, run_ps),
    "jobs": (declare_ps, run_jobs),
    "du": (declare_du, run_du),
}
