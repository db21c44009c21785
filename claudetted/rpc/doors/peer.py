"""Owns who is at the other end of a connection, whichever door it came through, and what it may do.

A door makes the peer before the first line is read, and it stays the same while the connection
lasts, but for what it gives up. What a client says of itself in `daemon/hello` gives it no right.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from claudetted.protocol import errors
from claudetted.protocol.permissions import Level
from claudetted.protocol.rights import RIGHTS, Limits, Right, covers

PeerKind = Literal["user", "agent", "device"]
"""The user's own program, one that an agent has started, or something elsewhere that was paired."""

_CALLED: dict[PeerKind, str] = {
    "user": "this connection",
    "agent": "a program that an agent has started",
    "device": "this device",
}


class Rights(msgspec.Struct, frozen=True):
    """What a peer may do: its highest right, and those below. Chats above `level` are not for it
    to use or to make, and without `allow` it only denies. `environment` is whether what it carries
    of its own counts: PATH or LD_PRELOAD make an agent's commands run any program, unasked."""

    highest: Right
    level: Level = "full"
    allow: bool = True
    environment: bool = False

    def includes(self, right: Right) -> bool:
        return RIGHTS.index(right) <= RIGHTS.index(self.highest)


class Peer(msgspec.Struct, frozen=True):
    """One end of a connection. `label` tells it from others where decisions are recorded."""

    label: str
    kind: PeerKind
    rights: Rights
    device_id: str = ""
    """Of a paired device."""

    def may(self, right: Right) -> bool:
        return self.rights.includes(right)

    def require(self, right: Right, what: str) -> None:
        """Raises NotAllowed, about `what`, where the right is missing."""
        if not self.may(right):
            has = self.rights.highest
            raise errors.NotAllowed(
                f"{what} needs the right “{right}”; {_CALLED[self.kind]} has only “{has}”.",
                needs=right,
                has=has,
            )

    def require_level(self, level: Level, what: str) -> None:
        """Raises NotAllowed, about `what`, for a chat's level above the peer's limit."""
        if not covers(self.rights.level, level):
            message = (
                f"{what} is not for {_CALLED[self.kind]}, which is limited to the level "
                f"“{self.rights.level}”; the chat's would be “{level}”."
            )
            raise self._limited(message, "configure", "level")

    def require_sending(self, level: Level) -> None:
        """Raises NotAllowed where a chat of this level gets no work from the peer."""
        self.require_level(level, "Sending to this chat")

    def require_allowing(self, what: str) -> None:
        """Raises NotAllowed, about `what`, where the peer may only deny."""
        if not self.rights.allow:
            message = f"{what} is not for {_CALLED[self.kind]}, which may only deny."
            raise self._limited(message, "decide", "allow")

    def carried(self, env: dict[str, str]) -> dict[str, str]:
        """Of an environment that comes with a message, what counts: all of it or nothing."""
        return env if self.rights.environment else {}

    def require_environment(self, what: str) -> None:
        """Raises NotAllowed, about `what`, where its environment does not count."""
        if not self.rights.environment:
            message = f"{what} is not for {_CALLED[self.kind]}: it could make them run any program."
            raise errors.NotAllowed(message, needs="administer", has=self.rights.highest)

    def _limited(
        self, message: str, needs: Right, limit: Literal["level", "allow"]
    ) -> errors.NotAllowed:
        return errors.NotAllowed(message, needs=needs, has=self.rights.highest, limit=limit)

    def limited(self, limits: Limits) -> "Peer":
        """The same peer with less, where the limits are below what it has."""
        has = self.rights
        least = Rights(
            limits.right if has.includes(limits.right) else has.highest,
            limits.level if covers(has.level, limits.level) else has.level,
            has.allow and limits.allow,
            has.environment,
        )
        return replace(self, rights=least)
