"""Owns which variables of a command line are its own, and which of them have values that are known
before it runs."""

import re
from collections import Counter
from collections.abc import Sequence

from claudetted.permissions.options import KINDS
from claudetted.permissions.shell.model import Field, Group, Node
from claudetted.permissions.views import simples

_OWN = re.compile(rf"(?:{KINDS['own']})\+?=.*", re.DOTALL)
_SETTING = (
    "read mapfile readarray getopts declare typeset local export readonly unset eval source . let "
    "wait set trap select coproc printf"
)
_SETTERS = frozenset(_SETTING.split())
"""Commands that may set a variable without an assignment."""
MOST_VALUES = 16
"""A loop over more values is not followed value by value."""


def is_own(assignment: str) -> bool:
    return _OWN.fullmatch(assignment) is not None


def followed(items: Sequence[Node]) -> frozenset[str]:
    """The names that one place alone sets, so that a loop's variable holds what the loop says."""
    names: Counter[str] = Counter()
    for simple in simples(items):
        if _may_set([word.source for word in simple.words]):
            return frozenset()
        names.update(assignment.name for assignment in simple.assignments)
    return frozenset(name for name, count in names.items() if count == 1)


def _may_set(words: list[str]) -> bool:
    """`printf` does so only with an option in front."""
    printing = words[:1] == ["printf"] and words[1:2] != []
    plain = printing and words[1].strip("\"'")[:1] not in ("-", *"$*?[{\\")
    return any(word in _SETTERS for word in (words[1:] if plain else words))


def values(loop: Group, fields: Sequence[Field]) -> list[Field]:
    """What the variable of a loop holds, turn by turn; nothing when that cannot be told."""
    unclear = any(field.text is None and field.glob is None for field in fields)
    if not loop.variable or unclear or len(fields) > MOST_VALUES:
        return []
    return [Field(f.source, f.text, f.glob, True, f.bare) for f in dict.fromkeys(fields)]
