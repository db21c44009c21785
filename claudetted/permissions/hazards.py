"""Owns what the words of one command are found to be, and what about them a rule has to spell."""

import msgspec

from claudetted.permissions.shell.model import Field

NAMING = "A rule has to name"
"""How a hazard begins that is none by itself: the word says what the command does."""


class Hazard(msgspec.Struct, frozen=True):
    """Something that a rule covers only by spelling the word; with no index it never does.

    Where a path or a host is the reason, a rule that allows it lifts the hazard.
    """

    index: int | None
    why: str
    path: str = ""
    writes: bool = False
    host: str = ""


class Scan(msgspec.Struct):
    """What was found. Indexes count the command's fields."""

    hazards: list[Hazard] = msgspec.field(default_factory=list)
    named: int = 1
    """So many words name what the command does: program, subcommands, script."""
    listings: list[Field] = msgspec.field(default_factory=list)
    """Patterns that the shell looks for, of which the program takes nothing but the names."""
    idle: set[int] = msgspec.field(default_factory=set)
    """Harmless options and their values: a rule need not spell them between its words."""
    operands: list[int] = msgspec.field(default_factory=list)
    perhaps_text: bool = False
    """The first of the operands may be the text that the program looks for, and no file."""
    mentions: list[tuple[int, Field]] = msgspec.field(default_factory=list)
    """Index and text or pattern of whatever may name a file."""
    wild: list[int] = msgspec.field(default_factory=list)
    """Patterns that must not find a name that begins with `-`."""
    unseen: bool = False
    """It runs what its words do not show."""
    hosts: list[str] = msgspec.field(default_factory=list)
    exact: bool = False
    reads: bool = False
    fed: bool = False
    """It takes more operands from its input."""
    deep: bool = False
    """It reads all that lies below its operands, or below where it runs."""
