"""Owns the text of `config.toml`: what it says, where it is wrong, and changing one value in it.

What it does not mention has its default. Settings of one workspace stand below a table of its own.
"""

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from claudetted.protocol.settings import KNOWN, RENAMED, Problem
from claudetted.store import files

_WORKSPACE = "workspace"
_HEADER = """\
# The settings of claudetted. A change is taken up with the next command; `claudette setting` lists
# what there is, and says where a line is wrong. For one directory alone:
#
#   [workspace."/home/me/project"]
#   default_level = "readonly"

"""
_ASSIGNED = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*[.=]""")
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class Broken(Exception):
    """The text is no TOML, so that no value can be changed in it."""


class Said(msgspec.Struct, frozen=True):
    """What the text says: values and lines by key, as `setting/get` has keys. `whole` is whether
    it is TOML; what is wrong beyond that is left out of the values."""

    values: dict[str, Any] = msgspec.field(default_factory=dict)
    lines: dict[str, int] = msgspec.field(default_factory=dict)
    problems: list[Problem] = msgspec.field(default_factory=list)
    whole: bool = True

    @property
    def wrong(self) -> set[str]:
        """The keys of lines that are not obeyed."""
        return {problem.key for problem in self.problems}


def read(path: Path) -> str:
    """Nothing where there is no file. Raises OSError."""
    try:
        return path.read_bytes().decode(errors="surrogateescape")
    except FileNotFoundError:
        return ""


def write(path: Path, text: str) -> None:
    """Whole or not at all, also when the power fails, for its owner alone. A link is followed.
    Raises OSError."""
    place = Path(os.path.realpath(path))
    files.put(place, text.encode(errors="surrogateescape"))
    files.sync_directory(place.parent)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def parse(text: str) -> Said:
    """Pure but for where a workspace really is."""
    try:
        text.encode()
        told = tomllib.loads(text)
    except UnicodeEncodeError as fault:
        line = text.count("\n", 0, fault.start) + 1
        return Said(problems=[Problem(line, "", "This is not UTF-8.")], whole=False)
    except tomllib.TOMLDecodeError as fault:
        found = _AT.search(str(fault))
        last = text.count("\n") + 1
        line = int(found[1]) if found and found[1] else last
        why = _AT.sub("", str(fault))
        return Said(problems=[Problem(line, "", f"This is no TOML: {why}.")], whole=False)
    lines = _lines(text)
    said = Said()
    spaces = told.pop(_WORKSPACE, {})
    for key, value in told.items():
        _take(said, key, "", value, lines.get(("", key), 1))
    if not isinstance(spaces, dict):
        line = lines.get(("", _WORKSPACE), 1)
        said.problems.append(Problem(line, _WORKSPACE, 'Expected [workspace."/path"].'))
        spaces = {}
    for workspace, values in spaces.items():
        place = os.path.realpath(workspace)
        for key, value in values.items() if isinstance(values, dict) else ():
            line = lines.get((workspace, key), lines.get(("", _WORKSPACE), 1))
            _take(said, key, place, value, line)
    return said


def edited(text: str, key: str, value: Any) -> str:
    """The text with another value and all else as it was; None takes the setting out. Raises
    Broken."""
    # Imported here: few starts of the daemon change a setting.
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        document = tomlkit.parse(text)
    except ParseError as fault:
        raise Broken(str(fault)) from None
    general, _, workspace = key.partition(":")
    table: Any = document
    if workspace:
        if _WORKSPACE not in document:
            document[_WORKSPACE] = tomlkit.table(is_super_table=True)
        spaces: Any = document[_WORKSPACE]
        name = next((name for name in spaces if os.path.realpath(name) == workspace), workspace)
        if name not in spaces:
            spaces[name] = tomlkit.table()
        table = spaces[name]
    for former in (old for old, new in RENAMED.items() if new == general):
        table.pop(former, None)
    if value is None:
        table.pop(general, None)
    else:
        table[general] = value
    if workspace and not table.as_string().strip():
        del spaces[name]
    return ("" if text else _HEADER) + tomlkit.dumps(document)


def _take(said: Said, key: str, workspace: str, value: Any, line: int) -> None:
    """One assignment: into the values, or among the problems."""
    general = RENAMED.get(key, key)
    known = KNOWN.get(general)
    full = f"{general}:{workspace}" if workspace else general
    if known is None:
        near = get_close_matches(key, KNOWN, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        said.problems.append(Problem(line, key, f"There is no such setting{hint}"))
    elif workspace and not known.of_workspace:
        said.problems.append(Problem(line, full, "It cannot be set for one workspace."))
    else:
        try:
            msgspec.convert(value, known.type)
        except msgspec.ValidationError as fault:
            said.problems.append(Problem(line, full, f"{fault}."))
        else:
            said.values[full] = value
            said.lines[full] = line


def _lines(text: str) -> dict[tuple[str, str], int]:
    """Where keys are assigned, by workspace and key. Tables of theirs count as assignments."""
    found: dict[tuple[str, str], int] = {}
    workspace: str | None = ""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("["):
            path = list(_path(line))
            if path[:1] == [_WORKSPACE]:
                workspace = path[1] if len(path) == 2 else None
                found.setdefault(("", _WORKSPACE), number)
            elif path:
                found.setdefault(("", path[0]), number)
                workspace = None
        elif workspace is not None and (assigned := _ASSIGNED.match(line)):
            key = next(filter(None, assigned.groups()), "")
            found.setdefault((workspace, key), number)
    return found


def _path(header: str) -> Iterator[str]:
    """The keys in the head of a table; nothing where the line is none."""
    try:
        table: Any = tomllib.loads(header)
    except tomllib.TOMLDecodeError:
        return
    while isinstance(table, dict) and table:
        key, table = next(iter(table.items()))
        yield key
        if isinstance(table, list):
            table = table[0]
