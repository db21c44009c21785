"""Owns in which directories a part of a command may run."""

import posixpath
from collections.abc import Sequence

from claudetted.permissions.places import Places
from claudetted.permissions.shell.model import Field, Node, literal
from claudetted.permissions.views import simples

Directories = frozenset[str] | None
"""Where a part may run; None when that cannot be told."""

_MOVERS = ("cd", "pushd", "popd")


def moves(node: Node) -> bool:
    """Whether a command may change the directory of what follows."""
    return any(word.source in _MOVERS for simple in simples((node,)) for word in simple.words)


def union(*states: Directories) -> Directories:
    together: frozenset[str] = frozenset()
    for state in states:
        if state is None:
            return None
        together |= state
    return together


def moved(fields: Sequence[Field], where: Directories, places: Places) -> Directories:
    """Where the shell is after a command that succeeded. `fields` begin with its program."""
    name = fields[0].text
    if name in ("pushd", "popd"):
        return None
    target = _target(fields) if name == "cd" else None
    if name != "cd" or target is None:
        return None if name == "cd" else where
    if target == "~" or target.startswith("~/"):
        target = places.home + target[1:]
    if where is None and not target.startswith("/"):
        return None
    written = [posixpath.join(d, target) for d in where or ("/",)]
    followed = [posixpath.normpath(path) for path in written]
    return frozenset(places.disk.real(path) for path in (*written, *followed))


def is_there(fields: Sequence[Field], where: Directories, places: Places) -> bool:
    """Whether a `cd` cannot fail: wherever it starts, its target is a directory now."""
    target = _target(fields)
    if fields[0].text != "cd" or not target or target.startswith("~"):
        return False
    paths = [posixpath.join(d, target) for d in where or ()]
    found = [places.disk.matches(literal(path.rstrip("/")) + "/") for path in paths]
    return bool(found) and all(found)


def _target(fields: Sequence[Field]) -> str | None:
    """The one directory a `cd` names."""
    texts = [word.text for word in fields[1:] if word.text not in ("-P", "-L", "--")]
    target = texts[0] if len(texts) == 1 else None
    return None if not target or target.startswith(("-", "~+")) else target
