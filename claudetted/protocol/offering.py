"""Owns the lines about the agent's own commands; `sidecar` has the others, and all by name."""

from claudetted.protocol.base import Line
from claudetted.protocol.signing import Record


class Commands(Line, tag="commands", frozen=True):
    """Lists the prompt templates and skills for a directory; answered with a `CommandList`. Needs
    no session."""

    id: int
    cwd: str
    trusted: bool = False


class CommandRow(Record, frozen=True):
    """One of them. `name` is what follows the slash."""

    name: str
    about: str = ""
    arguments: str = ""


class CommandList(Record, frozen=True):
    commands: list[CommandRow] = []
