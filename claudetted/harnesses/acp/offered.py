"""Owns what a session can be set to: modes, models and how much is thought, and how it is set.

Agents tell of these as options of the session, or in older fields of their own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from claudetted.harnesses.acp.known import Known
from claudetted.harnesses.acp.messages import Choice, Option, Session
from claudetted.protocol.permissions import Level

MODE = "mode"
MODEL = "model"
THINKING = "thought_level"
_CATEGORIES = {MODE: MODE, MODEL: MODEL, THINKING: THINKING, "thinking": THINKING}
_ASKING = ("default", "ask", "manual", "normal")
_UNASKING = ("auto", "yolo", "bypass", "full", "accept", "skip", "trust")

Setting = tuple[str, dict[str, Any]]
"""A method and its parameters, without the session."""


class NoSuchMode(Exception):
    """The agent has no mode in which it is known to ask."""


class Offered:
    """What a session has last said that it can be set to."""

    def __init__(self) -> None:
        self._choices: dict[str, list[Choice]] = {MODE: [], MODEL: [], THINKING: []}
        self._current: dict[str, str] = dict.fromkeys(self._choices, "")
        self._options: dict[str, str] = {}
        """What can be set as an option, and its id."""

    def take(self, session: Session) -> None:
        if modes := session.modes:
            self._choices[MODE] = [Choice(one.id, one.name) for one in modes.available_modes]
            self._current[MODE] = modes.current_mode_id
        if models := session.models:
            found = [Choice(one.model_id, one.name) for one in models.available_models]
            self._choices[MODEL] = found
            self._current[MODEL] = models.current_model_id
        self.take_options(session.config_options or [])

    def take_options(self, options: Iterable[Option]) -> None:
        for option in options:
            what = _CATEGORIES.get(option.category or option.id)
            if what and isinstance(option.current_value, str):
                self._options[what] = option.id
                self._choices[what] = list(_flat(option.options))
                self._current[what] = option.current_value

    def current(self, what: str) -> str:
        return self._current[what]

    def choices(self, what: str) -> list[Choice]:
        return self._choices[what]

    def now(self, what: str, value: str) -> None:
        self._current[what] = value

    def find(self, what: str, name: str) -> str:
        """The value that is meant by its id or its name; empty when there is none."""
        wanted = name.casefold()
        for choice in self._choices[what]:
            if wanted in (choice.value.casefold(), choice.name.casefold()):
                return choice.value
        return ""

    def setting(self, what: str, value: str) -> Setting:
        if option := self._options.get(what):
            return "session/set_config_option", {"configId": option, "value": value}
        if what == MODE:
            return "session/set_mode", {"modeId": value}
        return "session/set_model", {"modelId": value}

    def mode_for(self, level: Level, known: Known) -> str:
        """The mode in which the agent asks, at readonly one in which its model is told not to
        change anything; empty when it has no modes. Raises NoSuchMode."""
        if not self._choices[MODE] and not self._current[MODE]:
            return ""
        if not known.asks:
            return self._current[MODE]
        reading = level == "readonly" and known.reading_mode
        if reading and (found := self.find(MODE, known.reading_mode)):
            return found
        if known.asking_mode:
            if found := self.find(MODE, known.asking_mode):
                return found
            raise NoSuchMode(known.asking_mode)
        return self._asking_mode()

    def _asking_mode(self) -> str:
        """Of an agent that nobody knows: its own, unless that sounds as if it did not ask."""
        if not self._sounds_unasking(self._current[MODE]):
            return self._current[MODE]
        for name in _ASKING:
            if found := self.find(MODE, name):
                return found
        raise NoSuchMode(" or ".join(_ASKING))

    def _sounds_unasking(self, mode: str) -> bool:
        names = [one.name for one in self._choices[MODE] if one.value == mode]
        told = " ".join([mode, *names]).casefold()
        return any(word in told for word in _UNASKING)


def _flat(choices: Iterable[Choice]) -> Iterator[Choice]:
    for choice in choices:
        if choice.options:
            yield from _flat(choice.options)
        else:
            yield choice
