"""Owns the way in which this machine confines commands, found once when the daemon starts."""

from collections.abc import Callable

import msgspec

from claudetted.protocol.permissions import Confinement

Wrapping = Callable[[Confinement], list[str]]
"""What to confine a command to -> the words that start it confined."""


class Box(msgspec.Struct, frozen=True):
    """How commands are confined here, or why they cannot be."""

    name: str = ""
    """Such as `bubblewrap 0.11.0`; empty where there is no way."""
    missing: str = ""
    """Why there is no way, and what to install."""
    wrap: Wrapping | None = None

    @property
    def works(self) -> bool:
        return self.wrap is not None

    def wrapper(self, confinement: Confinement) -> list[str]:
        """The words before a command that confine it. Only where the box works."""
        if self.wrap is None:
            raise ValueError(f"Nothing confines commands here: {self.missing}")
        return self.wrap(confinement)


NO_BOX = Box(missing="No way to confine commands was looked for.")
