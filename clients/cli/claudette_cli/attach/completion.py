"""Owns what can follow what was typed so far: commands, and what they take."""

from __future__ import annotations

import threading

from claudette_cli.attach import slash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Json = dict[str, Any]

MOST = 200
LEARNING_SECONDS = 5.0


class Offered:
    """Filled by one thread and read by another: what is known is replaced whole.

    Who asks before anything is known waits a moment.
    """

    def __init__(self) -> None:
        self._commands: list[Json] = []
        self._answers: list[str] = []
        self._known = threading.Event()

    def learn(self, commands: list[Json]) -> None:
        """What the daemon offers in the chat."""
        self._commands = commands
        self._known.set()

    def asked(self, question: Json | None) -> None:
        """What can be answered now."""
        options = question.get("options", []) if question else []
        self._answers = [str(option["id"]) for option in options]

    def complete(self, text: str) -> Iterator[tuple[str, str]]:
        """(what the last word would become, what that is about), the likeliest first."""
        word, space, rest = text.partition(" ")
        if not word.startswith("/") or "\n" in text:
            return
        self._known.wait(LEARNING_SECONDS)
        if not space:
            yield from ((name, about) for name, about in self._names() if name.startswith(word))
        elif " " not in rest:
            choices = self._choices(word)
            wanted = rest.lower()
            first = [choice for choice in choices if choice.lower().startswith(wanted)]
            inside = [choice for choice in choices if wanted in choice.lower()]
            for choice in list(dict.fromkeys([*first, *inside]))[:MOST]:
                yield choice, ""

    def _names(self) -> Iterator[tuple[str, str]]:
        for name, about in slash.HELP:
            yield name.split()[0], about
        for command in self._commands:
            yield command["name"], command.get("about", "")

    def _choices(self, word: str) -> list[str]:
        if word == "/answer":
            return self._answers
        for command in self._commands:
            if command["name"] == word:
                return list(command.get("completions", []))
        return []
