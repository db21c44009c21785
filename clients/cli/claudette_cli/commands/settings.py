"""Owns the command about settings."""

from __future__ import annotations

import json

from claudette_cli.client.daemon import Daemon
from claudette_cli.commands import options
from claudette_cli.commands.trust import project_of
from claudette_cli.directory import here
from claudette_cli.exits import DONE, USAGE, Failure
from claudette_cli.terminal.output import errors, line, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    Json = dict[str, Any]

_EXPLAIN = "explain"


def declare_setting(parser: ArgumentParser) -> None:
    parser.add_argument(
        "key", nargs="?", help="without one: all of them; explain KEY: whence it is, and what else"
    )
    parser.add_argument("value", nargs="?", help="JSON, or a word; null restores the default")
    parser.add_argument("--here", action="store_true", help="for this workspace alone")
    options.json(parser)


def run_setting(arguments: Namespace) -> int:
    if arguments.key == _EXPLAIN:
        return _explain(arguments)
    if arguments.here and arguments.key:
        arguments.key = f"{arguments.key}:{project_of(here())}"
    with Daemon() as daemon:
        if arguments.key is None:
            every = daemon.call("setting/list")
            told = every.get("settings", [])
            _mention(every)
        elif arguments.value is None:
            told = [daemon.call("setting/get", {"key": arguments.key})["setting"]]
        else:
            params = {"key": arguments.key, "value": _value(arguments.value)}
            changed = daemon.call("setting/set", params)
            told = [changed["setting"]]
            if note := changed.get("note"):
                errors().say(errors().paint(note, "yellow"))
    if arguments.json:
        output().json(told if arguments.key is None else told[0])
        return DONE
    for setting in told:
        output().say(_row(setting))
    return DONE


def _explain(arguments: Namespace) -> int:
    if arguments.value is None:
        raise Failure("Say which one: claudette setting explain KEY", USAGE)
    key, _, named = arguments.value.partition(":")
    with Daemon() as daemon:
        found = daemon.call("setting/get", {"key": key})
        general, local = found["setting"], {}
        if general.get("ofWorkspace"):
            place = named or project_of(here())
            local = daemon.call("setting/get", {"key": f"{key}:{place}"})["setting"]
    told = _whence(general, local, found.get("file", ""))
    if arguments.json:
        output().json(told)
        return DONE
    output().say(f"{key} is {_shown(told['value'])}")
    output().say(f"  {line(general.get('about', ''))}")
    for name in ("from", "values", "change"):
        output().say(f"  {output().paint(f'{name:<8}', 'dim')} {line(told[name])}")
    if local:
        output().say(f"  {'':<8} with --here for this workspace alone")
    return DONE


def _mention(every: Json) -> None:
    """The lines of the file that are not obeyed."""
    for problem in every.get("problems", []):
        key = f"{line(problem['key'])}: " if problem["key"] else ""
        said = f"{every['file']}:{problem['line']}: {key}{line(problem['why'])}"
        errors().say(errors().paint(said, "yellow"))


def _whence(general: Json, local: Json, file: str) -> Json:
    """The value that holds here, where it comes from, and what else it could be. Pure."""
    value, whence = general.get("default"), "the default"
    if general.get("value") is not None:
        value, whence = general["value"], f"{_place(general, file)}, for everything"
    if local.get("value") is not None:
        place = local["key"].partition(":")[2]
        value, whence = local["value"], f"{_place(local, file)}, for {place}"
    return {
        "key": general["key"],
        "value": value,
        "from": whence,
        "default": general.get("default"),
        "values": general.get("values", ""),
        "change": f"claudette setting {general['key']} VALUE; null brings the default back",
    }


def _place(setting: Json, file: str) -> str:
    if number := setting.get("line"):
        return f"{file}:{number}"
    return f"{file} before its line became wrong (claudette doctor)"


def _shown(value: Any) -> str:
    return line(value) if isinstance(value, str) and value else json.dumps(value)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _row(setting: Json) -> str:
    chosen = setting.get("value") is not None
    value = setting.get("value") if chosen else setting.get("default")
    shown = line(value) if isinstance(value, str) else _shown(value)
    whose = "" if chosen else output().paint(" (default)", "dim")
    about = output().paint(setting.get("about", ""), "dim")
    return f"{setting['key']:<22} {shown}{whose}\n  {about}"


VERBS = {"setting": (declare_setting, run_setting)}
