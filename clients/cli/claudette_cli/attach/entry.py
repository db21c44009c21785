"""Owns what the line is for when it is for no message: a reason, an answer, a key."""

from __future__ import annotations

from dataclasses import dataclass

from claudette_cli.terminal.output import line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """`take` is given what is entered. Nothing of it goes into the history."""

    about: str
    """The card or question that it belongs to: when that goes away, so does the entry."""
    prompt: str
    hint: str
    take: Callable[[str], None]
    hidden: bool = False
    commands: bool = False
    """Whether a text with a slash in front is still a command."""


def reason(permission: Json, take: Callable[[str], None]) -> Entry:
    """Why a request is denied."""
    hint = "Enter denies with this reason · Esc goes back"
    return Entry(permission["id"], "why not? ", hint, take)


def answer(question: Json, take: Callable[[str], None]) -> Entry:
    """To a question that takes any text."""
    hint = "Enter answers · Esc writes a message instead"
    hidden = bool(question.get("secret")) and not question.get("placeholder")
    return Entry(question["id"], "answer ▸ ", hint, take, hidden=hidden, commands=True)


def key(provider: Json, take: Callable[[str], None]) -> Entry:
    """The key of a provider: it is in no message, and on no screen."""
    where = f"get one at {line(provider['docs'])} · " if provider.get("docs") else ""
    hint = f"{where}Enter stores it · Esc goes back"
    return Entry("", f"key of {line(provider['name'])} ▸ ", hint, take, hidden=True)
