"""Owns a command as a rule that denies may see it: behind wrappers, and inside of scripts."""

import re
from collections.abc import Iterable, Iterator, Mapping

from claudetted.permissions import knowledge
from claudetted.permissions.shell.model import Field, Group, Node, Script, Simple
from claudetted.permissions.shell.reading import read

_DEEPEST = 6
_MOST = 12


def views(
    fields: tuple[Field, ...], first: int, known: Mapping[str, str], depth: int = 0
) -> Iterator[tuple[Field, ...]]:
    """The command from its program on; for what carries others, every command it may carry."""
    yield fields[first:]
    if depth > _DEEPEST or not _carries(fields, first):
        return
    rest = fields[first + 1 :]
    for index, word in enumerate(rest):
        if word.text and not word.text.startswith("-"):
            if index < _MOST:
                yield rest[index:]
            yield from _inside_text(word.text, known, depth)
    yield from _inside_text(" ".join(word.text or "" for word in rest), known, depth)


def _carries(fields: tuple[Field, ...], first: int) -> bool:
    key, program = knowledge.program(fields[first].text or "")
    for word in fields[first + 1 :]:
        if not program.sub:
            break
        if word.text and not word.text.startswith("-"):
            key, program = knowledge.subcommand(key, word.text)
    return program.carries or program.code == "program"


def _inside_text(text: str, known: Mapping[str, str], depth: int) -> Iterator[tuple[Field, ...]]:
    """Commands in a word that could be a script."""
    if not re.search(r"[\s;&|]", text):
        return
    for simple in simples(read(text).items):
        fields = tuple(word.field(known) for word in simple.words)
        if fields:
            yield from views(fields, 0, known, depth + 1)


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
