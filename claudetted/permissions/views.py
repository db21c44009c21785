"""Owns a command as a rule that denies may see it: behind wrappers, and inside of scripts."""

import re
from collections.abc import Iterable, Iterator

from claudetted.permissions import programs
from claudetted.permissions.budget import Budget
from claudetted.permissions.shell.model import Field, Group, Node, Script, Simple, Values
from claudetted.permissions.shell.reading import read

_DEEPEST = 6
_MOST = 12


def views(
    fields: tuple[Field, ...], first: int, known: Values, budget: Budget, depth: int = 0
) -> Iterator[tuple[Field, ...]]:
    """The command from its program on; for what carries others, every command it may carry."""
    budget.take(len(fields) - first)
    yield fields[first:]
    if depth > _DEEPEST or not _carries(fields, first):
        return
    rest = fields[first + 1 :]
    for index, word in enumerate(rest):
        if word.text and not word.text.startswith("-"):
            if index < _MOST:
                budget.take(len(rest) - index)
                yield rest[index:]
            yield from _inside_text(word.text, known, budget, depth)
    yield from _inside_text(" ".join(word.text or "" for word in rest), known, budget, depth)


def _carries(fields: tuple[Field, ...], first: int) -> bool:
    key, program = programs.program(fields[first].text or "")
    for word in fields[first + 1 :]:
        if not program.sub:
            break
        if word.text and not word.text.startswith("-"):
            key, program = programs.subcommand(key, word.text)
    behind = program.carries_behind.split()
    if behind and not any(word.text in behind for word in fields[first + 1 :]):
        return False
    return program.carries or program.code == "program"


def _inside_text(
    text: str, known: Values, budget: Budget, depth: int
) -> Iterator[tuple[Field, ...]]:
    """Commands in a word that could be a script."""
    if not re.search(r"[\s;&|]", text):
        return
    budget.take(1 + len(text) // 16)
    for simple in simples(read(text).items):
        fields = tuple(field for word in simple.words for field in word.fields(known))
        if fields:
            yield from views(fields, 0, known, budget, depth + 1)


def simples(nodes: Iterable[Node]) -> Iterator[Simple]:
    for node in nodes:
        if isinstance(node, Group):
            yield from simples(node.items)
            continue
        yield node
        for script in substituted(node):
            yield from simples(script.items)


def substituted(simple: Simple) -> Iterator[Script]:
    for word in (*simple.words, *(assignment.value for assignment in simple.assignments)):
        yield from word.scripts
    for redirect in simple.redirects:
        yield from redirect.scripts
        if redirect.target:
            yield from redirect.target.scripts
