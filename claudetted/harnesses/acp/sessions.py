"""Owns our notes about sessions of agents: their names. The agent has the rest."""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    # Only the daemon has it loaded: an adapter is small.
    from pathlib import Path

NAME = "session.json"


class Stored(msgspec.Struct, rename="camel"):
    """One session, in the chat's directory of it."""

    agent: str
    session_id: str
    cwd: str


def read(text: str) -> Stored:
    """Raises MsgspecError."""
    return msgspec.json.decode(text, type=Stored)


def names(sessions: "Path") -> list[str]:
    """The sessions that are noted below a directory."""
    found: list[str] = []
    for note in sorted(sessions.glob(f"*/{NAME}")):
        try:
            found.append(read(note.read_text(encoding="utf-8")).session_id)
        except (OSError, ValueError):
            continue  # Nothing can be told of it; the chat's directory goes as a whole.
    return found
