"""Owns what can follow what was typed so far: commands, and what they take."""

from __future__ import annotations

import re

from claudette_cli.attach import files, slash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Json = dict[str, Any]

MOST = 200


class Offered:
    """What is known is replaced whole."""

    def __init__(self) -> None:
        self._commands: list[Json] = []
        self._answers: list[str] = []
        self._files: list[str] = []
        self.known = False
        """Whether the daemon has told what it offers."""

    def learn(self, commands: list[Json]) -> None:
        """What the daemon offers in the chat."""
        self._commands = commands
        self.known = True

    def learn_files(self, names: list[str]) -> None:
        """What is in the workspace."""
        self._files = names

    def asked(self, question: Json | None) -> None:
        """What can be answered now."""
        options = question.get("options", []) if question else []
        self._answers = [str(option["id"]) for option in options]

    def complete(self, text: str) -> Iterator[tuple[str, str]]:
        """(what the last word would become, what that is about), the likeliest first."""
        word, space, rest = text.partition(" ")
        if not word.startswith("/") or "\n" in text:
            yield from ((path, "") for path in self._paths(re.split(r"[ \n]", text)[-1]))
            return
        if not space:
            yield from ((name, about) for name, about in self._names() if name.startswith(word))
        elif " " not in rest:
            choices = self._choices(word)
            wanted = rest.lower()
            first = [choice for choice in choices if choice.lower().startswith(wanted)]
            inside = [choice for choice in choices if wanted in choice.lower()]
            for choice in list(dict.fromkeys([*first, *inside]))[:MOST]:
                yield choice, ""

    def _paths(self, word: str) -> list[str]:
        """Files by @ and any part of their path, or by the beginning of a path."""
        if word.startswith("@"):
            return [f"@{path}" for path in files.matching(self._files, word[1:], MOST)]
        if "/" in word:
            return [path for path in self._files if path.startswith(word)][:MOST]
        return []

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
