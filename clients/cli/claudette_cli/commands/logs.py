"""Owns the command that reads the daemon's log, which needs no daemon."""

from __future__ import annotations

import json
import os
import time

from claudette_cli.commands import options
from claudette_cli.exits import DONE, NOT_FOUND, Failure
from claudette_cli.terminal.output import harmless, output
from claudetted.protocol import places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

_FOLLOW_SECONDS = 0.3


def declare_logs(parser: ArgumentParser) -> None:
    parser.add_argument("chat", nargs="?", help="only lines about this chat, by its id")
    parser.add_argument(
        "-f", "--follow", action="store_true", help="follow: print new lines as they come"
    )
    parser.add_argument(
        "-n", "--lines", type=options.how_many, default=100, help="how many of the last lines (100)"
    )
    options.json(parser)


def run_logs(arguments: Namespace) -> int:
    path = places.log_dir() / "claudetted.log"
    if not path.exists():
        raise Failure(f"There is no log yet at {path}.", NOT_FOUND)
    with path.open(encoding="utf-8", errors="replace") as file:
        earlier = [*_older_lines(path), *file]
        wanted = [line for line in earlier if _is_about(line, arguments.chat)]
        for line in wanted[-arguments.lines :] if arguments.lines > 0 else ():
            _print_line(line, arguments.json)
        if arguments.follow:
            for line in _coming(path, file):
                if _is_about(line, arguments.chat):
                    _print_line(line, arguments.json)
    return DONE


def _older_lines(path: Path) -> Iterator[str]:
    """What was put aside when the log had grown too long, the oldest first."""
    aside = path.parent.glob(f"{path.name}.*")
    for older in sorted(aside, key=lambda one: one.suffix, reverse=True):
        with older.open(encoding="utf-8", errors="replace") as file:
            yield from file


def _coming(path: Path, file: TextIO) -> Iterator[str]:
    """Whole lines as they are written, from one file to the next, for ever."""
    begun = ""
    while True:
        aside = _was_put_aside(path, file)
        read = file.readline()
        begun += read
        if begun.endswith("\n"):
            yield begun
            begun = ""
        elif not read and aside:
            file = path.open(encoding="utf-8", errors="replace")
        elif not read:
            time.sleep(_FOLLOW_SECONDS)


def _was_put_aside(path: Path, file: TextIO) -> bool:
    try:
        return not os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False  # the next one is not there yet


def _is_about(line: str, chat: str | None) -> bool:
    """Ids may be cut short, as everywhere."""
    if chat is None:
        return True
    try:
        return str(json.loads(line).get("chat", "")).startswith(chat)
    except ValueError:
        return False


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


VERBS = {"logs": (declare_logs, run_logs)}
