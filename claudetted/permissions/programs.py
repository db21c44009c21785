"""Owns the look-up in the table of programs."""

from claudetted.permissions.options import UNKNOWN, Program
from claudetted.permissions.tables import TABLE


def program(name: str) -> tuple[str, Program]:
    """What is known of a program, however it is called, and the key it is known under."""
    key = name.rsplit("/", 1)[-1]
    return key, TABLE.get(key, UNKNOWN)


def subcommand(key: str, operand: str) -> tuple[str, Program]:
    """What is known of a subcommand; `git *` speaks for all that are not named."""
    named, any_other = f"{key} {operand}", f"{key} *"
    if named in TABLE:
        return named, TABLE[named]
    return any_other, TABLE.get(any_other, UNKNOWN)
