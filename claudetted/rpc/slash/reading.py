"""Owns what a text with a slash in front is: a command, or a message like any other. Pure."""

import difflib
import os.path
import re
import shlex
from collections.abc import Iterable

import msgspec

from claudetted.protocol.errors import CommandUnknown

_TYPED = re.compile(r"/([^\s/]+)(?:\s+(.*))?\s*", re.DOTALL)
_LIKE_A_COMMAND = re.compile(r"[a-z][a-z0-9:-]*")
_SHOWN = 200


class Typed(msgspec.Struct, frozen=True):
    """A word behind a slash, and what follows it."""

    name: str
    argument: str
    text: str
    """As it was typed, cut where nobody reads on."""


def read(text: str) -> Typed | None:
    """None for a message: one without a slash, or with a path in its place."""
    found = _TYPED.fullmatch(text)
    if found is None:
        return None
    return Typed(found[1], (found[2] or "").strip(), text.strip()[:_SHOWN])


def is_message(name: str) -> bool:
    """Whether a word that no command has is text: it is none of a command's, or names a path."""
    return not _LIKE_A_COMMAND.fullmatch(name) or os.path.lexists(f"/{name}")


def untrusted(name: str, workspace: str, question: str) -> CommandUnknown:
    """The fault for a command that a project brings which is not trusted."""
    ask = f"answer the question {question}, or run" if question else "run"
    message = (
        f"/{name} comes with {workspace}, whose instructions are not trusted: {ask}: "
        f"claudette trust grant {shlex.quote(workspace)}"
    )
    return CommandUnknown(message, command=f"/{name}", nearest=[])


def unknown(name: str, known: Iterable[str], trouble: str) -> CommandUnknown:
    """The fault for a word that looks like a command and is none."""
    nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(f'/{near}' for near in nearest)}?" if nearest else ""
    missing = f" The agent's own commands are not known: {trouble}" if trouble else ""
    message = f"There is no command /{name}.{hint}{missing}"
    return CommandUnknown(message, command=f"/{name}", nearest=[f"/{near}" for near in nearest])
