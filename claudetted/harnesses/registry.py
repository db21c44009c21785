"""Owns the list of harnesses: the only place that knows which kinds of agents there are."""

from collections.abc import Callable, Mapping

import msgspec

from claudetted.harnesses.acp import launch as acp
from claudetted.harnesses.claude.launch import HARNESS as CLAUDE
from claudetted.harnesses.codex.launch import HARNESS as CODEX
from claudetted.harnesses.harness import Harness
from claudetted.harnesses.pi.launch import HARNESS as PI
from claudetted.protocol.errors import HarnessMissing
from claudetted.protocol.harnesses import Added

HARNESSES: dict[str, Harness] = {one.id: one for one in (PI, CLAUDE, CODEX)}

CONTROL = PI
"""Asked about providers, models and sign-ins that belong to no chat."""
RESERVED = frozenset({"acp", "agent"})
"""Names that no agent of the user's may have."""


class Harnesses:
    """Those of this build, and the agents that the user has added. `stored` gives the latter."""

    def __init__(self, stored: Callable[[], Mapping[str, object]] = dict) -> None:
        self._stored = stored

    def find(self, harness: str) -> Harness:
        """Raises HarnessMissing."""
        if found := HARNESSES.get(harness):
            return found
        if added := self.added.get(harness):
            return acp.harness(harness, added)
        known = ", ".join([*HARNESSES, *self.added])
        message = (
            f"There is no harness “{harness}”; there are: {known}. To add one: claudette agent add"
        )
        raise HarnessMissing(message, harness=harness)

    def hosted(self, harness: str) -> tuple[str, ...]:
        """Of agents that the user has added nothing is known."""
        found = HARNESSES.get(harness)
        return found.hosted if found else ()

    def all(self) -> list[Harness]:
        return [*HARNESSES.values(), *(acp.harness(*one) for one in self.added.items())]

    @property
    def added(self) -> dict[str, Added]:
        return msgspec.convert(self._stored(), dict[str, Added])
