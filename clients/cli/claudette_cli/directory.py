"""Owns the directory a command is run in, which may be gone or have a path that is too long."""

from __future__ import annotations

import os

from claudette_cli.exits import FAILED, Failure


def here() -> str:
    """The current directory. Fails with a sentence where there is none any more."""
    try:
        return os.getcwd()
    except OSError as fault:
        raise Failure(
            f"The current directory cannot be used ({fault.strerror}); change to another one.",
            FAILED,
        ) from None


def absolute(path: str) -> str:
    """The path from the root, as seen from here."""
    return os.path.normpath(path if os.path.isabs(path) else os.path.join(here(), path))
