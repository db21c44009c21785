"""Owns the look-up in the table of programs."""

from claudetted.permissions import options_files, options_tools
from claudetted.permissions.options import UNKNOWN, Program

_TABLE = {**options_files.PROGRAMS, **options_tools.PROGRAMS}


def program(name: str) -> tuple[str, Program]:
    """What is known of a program, however it is called, and the key it is known under."""
    key = name.rsplit("/", 1)[-1]
    return key, _TABLE.get(key, UNKNOWN)


def subcommand(key: str, operand: str) -> tuple[str, Program]:
    """What is known of a subcommand; `git *` speaks for all that are not named."""
    named, any_other = f"{key} {operand}", f"{key} *"
    if named in _TABLE:
        return named, _TABLE[named]
    return any_other, _TABLE.get(any_other, UNKNOWN)
