"""Owns the form of what is known of a command line before it runs."""

from typing import Literal

import msgspec

from claudetted.permissions.hazards import Hazard, Scan
from claudetted.permissions.shell.model import Field


class Touch(msgspec.Struct, frozen=True):
    """A real path that a command names, and what it does there."""

    path: str
    access: Literal["read", "write", "either"]


class Part(msgspec.Struct, frozen=True):
    """One command that would run."""

    text: str
    fields: tuple[Field, ...]
    hazards: tuple[Hazard, ...]
    starts: tuple[int, ...] = (0,)
    """Where a rule may begin to match: at the first word, or behind a wrapper."""
    found: Scan = msgspec.field(default_factory=Scan)
    free: bool = False
    """Nothing of its own runs: it needs no rule as long as it has no hazards."""
    views: tuple[tuple[Field, ...], ...] = ()
    """The command as a rule that denies may see it: behind wrappers, inside of scripts."""


class Analysis(msgspec.Struct):
    """All that is known of a command line."""

    parts: list[Part] = msgspec.field(default_factory=list)
    problems: list[str] = msgspec.field(default_factory=list)
    touches: list[Touch] = msgspec.field(default_factory=list)
    hosts: list[str] = msgspec.field(default_factory=list)
    searched: list[str] = msgspec.field(default_factory=list)
    """Real paths below which all may be read."""
    unseen: bool = False
    """Something would run that cannot be seen here."""
    spent: bool = False
    """It took more steps than one call has: there is more than was looked at."""
