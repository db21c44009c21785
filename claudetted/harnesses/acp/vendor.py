"""Owns the conversation with the agent's process: numbered requests, and who waits for answers."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import Any

import msgspec

from claudetted.harnesses.acp import messages as acp
from claudetted.harnesses.acp.messages import Fault, Incoming
from claudetted.harnesses.adapter import Action, ToVendor

Answered = Callable[[Incoming], Iterable[Action]]


class Vendor:
    """One run of the program. What it was asked and has not answered is dropped with it."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._waiting: dict[acp.Id, tuple[str, Answered]] = {}

    def ask(self, method: str, params: dict[str, Any], then: Answered) -> Action:
        number = next(self._numbers)
        self._waiting[number] = method, then
        return ToVendor(acp.request(number, method, params))

    def answered(self, message: Incoming) -> Iterator[Action]:
        """What follows from an answer; nothing from one that was not asked for."""
        if message.id in self._waiting:
            _, then = self._waiting.pop(message.id)
            yield from then(message)

    @property
    def owed(self) -> str:
        """The oldest request without an answer."""
        return next((method for method, _ in self._waiting.values()), "")


def sentence(fault: Fault) -> str:
    """What went wrong, as one line for a person."""
    told = fault.message.removeprefix("Internal error").removeprefix(": ")
    told = told.removeprefix("Invalid params: ")
    detail = _detail(fault.data)
    if detail and (not told or told == "Internal error"):
        told = detail
    line = " ".join((told or f"error {fault.code}").split())
    return line[:500].rstrip(".") + "."


def _detail(data: msgspec.Raw) -> str:
    """Some say what is wrong only here."""
    try:
        found = msgspec.json.decode(data)
    except msgspec.MsgspecError:
        return ""
    if isinstance(found, str):
        return found
    if isinstance(found, dict):
        told = (found.get(key) for key in ("details", "message", "error", "reason"))
        return next((one for one in told if isinstance(one, str)), "")
    return ""
