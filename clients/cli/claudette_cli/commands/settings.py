"""Owns the command about settings."""

from __future__ import annotations

import json

from claudette_cli.calling import Daemon
from claudette_cli.commands import options
from claudette_cli.exits import DONE
from claudette_cli.terminal import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]


def declare_setting(parser: ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", help="without one: all of them")
    parser.add_argument("value", nargs="?", help="JSON, or a word; null brings the default back")
    options.json(parser)


def run_setting(arguments: Namespace) -> int:
    with Daemon() as daemon:
        if arguments.key is None:
            told = daemon.call("setting/list").get("settings", [])
        elif arguments.value is None:
            told = [daemon.call("setting/get", {"key": arguments.key})["setting"]]
        else:
            params = {"key": arguments.key, "value": _value(arguments.value)}
            told = [daemon.call("setting/set", params)["setting"]]
    if arguments.json:
        output().json(told if arguments.key is None else told[0])
        return DONE
    for setting in told:
        output().say(_row(setting))
    return DONE


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _row(setting: Json) -> str:
    chosen = setting.get("value") is not None
    value = setting.get("value") if chosen else setting.get("default")
    shown = value if isinstance(value, str) else json.dumps(value)
    whose = "" if chosen else output().paint(" (default)", "dim")
    about = output().paint(setting.get("about", ""), "dim")
    return f"{setting['key']:<22} {shown}{whose}\n  {about}"


VERBS = {"setting": (declare_setting, run_setting)}
