"""Owns our note about a thread of Codex's: its name is the thread, it says where that is kept.

The thread itself is in Codex's own history, which the user's `codex resume` shows, too.
"""

import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    # Only the daemon has it loaded: an adapter is small.
    from pathlib import Path

SUFFIX = ".codex.json"


class Note(msgspec.Struct):
    """`rollout` is the file of the thread."""

    rollout: str = ""


def path(directory: str, thread: str) -> str:
    return f"{directory}/{thread}{SUFFIX}"


def thread(path: str) -> str:
    return os.path.basename(path).removesuffix(SUFFIX)


def write(path: str, note: Note) -> None:
    """For the user alone, as its directory. Raises OSError."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(msgspec.json.encode(note))


def history(sessions: "Path") -> list[str]:
    """The files that Codex keeps of the threads that are noted below a directory."""
    found: list[str] = []
    for noted in sorted(sessions.glob(f"*/*{SUFFIX}")):
        try:
            note = msgspec.json.decode(noted.read_bytes(), type=Note)
        except (OSError, msgspec.MsgspecError):
            continue  # Nothing can be told of it; the chat's directory goes as a whole.
        if note.rollout and os.path.exists(note.rollout):
            found.append(note.rollout)
    return found
