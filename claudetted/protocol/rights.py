"""Owns the rights of whoever is connected, and their order: each includes those before it."""

from typing import Literal, get_args

from claudetted.protocol.base import Params
from claudetted.protocol.permissions import Level

Right = Literal["watch", "decide", "work", "configure", "administer"]
"""`watch` reads. `decide` answers permissions and questions. `work` gives agents work and does to
chats what can be undone. `configure` sets what a chat may do, and deletes it. `administer` changes
what holds for everybody: providers, keys, settings, sign-ins, the daemon."""

RIGHTS: tuple[Right, ...] = get_args(Right)
"""From the least to the most."""

LEVELS: tuple[Level, ...] = get_args(Level)
"""From the strictest to the most permissive."""


class Limits(Params, frozen=True):
    """What a client takes from its own connection, for good: it keeps rights up to `right`, sets
    and uses chats up to `level`, and with `allow` false approves nothing for an agent."""

    right: Right = "administer"
    level: Level = "full"
    allow: bool = True


def covers(held: Level, needed: Level) -> bool:
    """Whether whoever may use the level `held` may use `needed`."""
    return LEVELS.index(needed) <= LEVELS.index(held)
