"""Owns writing `words.json`: every command, option and place of the command line, as data."""

import argparse
import json
from typing import Any

from claudette_cli.main import COMMANDS
from claudette_cli.parsing import parser_of
from claudette_cli.reference import subcommands

_KINDS = {
    "agent": "agent",
    "chat": "chat",
    "model": "model",
    "permission": "permission",
    "key": "setting",
    "id": "rule",
    "dir": "directory",
    "directory": "directory",
    "file": "file",
    "output": "file",
    "text": "text",
    "message": "text",
}
"""What can stand where an argument has this name."""


def words() -> str:
    """`summaries` by command, and `words` by command; one command a line."""
    table = {name: _words(parser_of(name), name) for name in COMMANDS}
    summaries = {name: summary for name, (_, summary) in COMMANDS.items()}
    rows = [f"{json.dumps(name)}: {json.dumps(told)}" for name, told in table.items()]
    joined = ",\n".join(rows)
    return f'{{"summaries": {json.dumps(summaries)},\n"words": {{\n{joined}\n}}}}\n'


def _words(parser: argparse.ArgumentParser, name: str) -> dict[str, Any]:
    """`options`: what follows each, or None; `places`: the arguments in order, the last of which
    may repeat; `verbs`: the commands below."""
    options: dict[str, Any] = {}
    places: list[Any] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        takes = action.nargs != 0
        kind = list(action.choices) if action.choices else _KINDS.get(action.dest, "")
        for option in action.option_strings:
            options[option] = (kind or "word") if takes else None
        if not action.option_strings:
            places.append(kind or "word")
    told: dict[str, Any] = {"options": options}
    if places:
        told["places"] = places
    if below := subcommands(parser):
        told["verbs"] = {word: _words(one, f"{name} {word}") for word, one in below.items()}
    return told
