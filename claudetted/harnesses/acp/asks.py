"""Owns the permissions that an agent asks for: each becomes one of ours, answered once.

The agent is told yes by the narrowest of its options, or no. What stands for longer than this once
is never chosen: standing rules are the user's own.
"""

from collections.abc import Iterable, Iterator

import msgspec

from claudetted.harnesses.acp import messages as acp, requests
from claudetted.harnesses.acp.calls import Call
from claudetted.harnesses.acp.disk import Disk
from claudetted.harnesses.acp.messages import Id, PermissionOption, ToolCall
from claudetted.harnesses.acp.speech import Names
from claudetted.protocol import sidecar as sc

_STANDING = ("always", "session", "all ", "auto", "remember", "don't ask", "every", "future")
DENIED = "The call was denied."


class Asked(msgspec.Struct):
    """One that waits. `call` is the item's, `request` the agent's number of it."""

    name: str
    request: Id
    call: Call
    options: list[PermissionOption]


class Asks:
    """Those that are open, by our name."""

    def __init__(self, names: Names, disk: Disk) -> None:
        self._names = names
        self._disk = disk
        self._open: dict[str, Asked] = {}

    def ask(self, call: Call, request: acp.PermissionRequest, number: Id, cwd: str) -> sc.Ask:
        name = self._names.new("a")
        self._open[name] = Asked(name, number, call, request.options)
        call.asked = True
        asked = requests.request_of(about(call, request.tool_call), call.tool, cwd, self._disk)
        return sc.Ask(name, call.item, asked)

    def take(self, name: str) -> Asked | None:
        """It is answered: nothing else answers it again."""
        return self._open.pop(name, None)

    def by_request(self, number: Id | None) -> Asked | None:
        return next((one for one in self._open.values() if one.request == number), None)

    def drain(self) -> Iterator[Asked]:
        while self._open:
            yield self._open.pop(next(iter(self._open)))


def about(call: Call, asked: ToolCall) -> ToolCall:
    """What would be done: as it is asked for, with what was said before where that says less."""
    known = call.known
    kind = asked.kind or known.kind
    before = requests.arguments(known)
    named = asked.raw_input or known.raw_input
    if kind == "execute" and isinstance(named, dict):
        named = {**before, **named}
    return ToolCall(
        title=asked.title or known.title,
        name=asked.name or known.name,
        kind=kind,
        content=asked.content or known.content,
        locations=asked.locations or known.locations,
        raw_input=named,
    )


def approval(options: Iterable[PermissionOption]) -> str:
    """The option that allows this once and nothing else; empty when there is none."""
    once = [one for one in options if one.kind == "allow_once" and not _stands(one)]
    return once[0].option_id if once else ""


def rejection(options: Iterable[PermissionOption]) -> str:
    once = [one for one in options if one.kind == "reject_once"]
    return once[0].option_id if once else ""


def _stands(option: PermissionOption) -> bool:
    told = f"{option.option_id} {option.name} ".casefold()
    return any(word in told for word in _STANDING)


def selected(option: str) -> dict[str, object]:
    if not option:
        return {"outcome": {"outcome": "cancelled"}}
    return {"outcome": {"outcome": "selected", "optionId": option}}
