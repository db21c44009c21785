"""Owns our note about a session of Claude Code: its id, and what is not told again on resuming.

The transcript itself is in Claude Code's own history, which the user's `claude --resume` shows,
too. The note is in the chat's directory and says where that transcript lies.
"""

import os
from collections.abc import Mapping

import msgspec

from claudetted.harnesses.adapter import log
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.claude.frames import new_uuid

SUFFIX = ".claude.json"


class Broken(Exception):
    """A session that cannot be gone on with; says why and what to do."""


class Note(msgspec.Struct):
    """`cost` is what the whole session cost so far; the vendor goes on counting from there."""

    session: str
    history: str
    begun: bool = False
    cost: float = 0.0


class Session:
    """One session and its note. A note that cannot be written later on is told in the log: that
    there is a transcript shows itself."""

    def __init__(self, disk: Disk, path: str, note: Note) -> None:
        self._disk = disk
        self.path = path
        self.note = note

    @property
    def argument(self) -> str:
        """How the program is told which session it has."""
        name = "resume" if self.note.begun else "session-id"
        return f"--{name}={self.note.session}"

    def begin(self) -> None:
        """From now on there is a transcript to resume."""
        if not self.note.begun:
            self.note.begun = True
            self._note()

    def spent(self, total: float) -> float:
        """What has come to the cost of the session, which is now that."""
        more = max(0.0, total - self.note.cost)
        self.note.cost = total
        self._note()
        return more

    def _note(self) -> None:
        try:
            self.write()
        except OSError as fault:
            log(f"the note about the session cannot be written: {fault}")

    def write(self) -> None:
        """Raises OSError."""
        self._disk.write(self.path, msgspec.json.encode(self.note))


def history(environment: Mapping[str, str]) -> str:
    """The directory in which Claude Code keeps the transcripts."""
    home = environment.get("HOME", "/")
    directory = environment.get("CLAUDE_CONFIG_DIR") or os.path.join(home, ".claude")
    return os.path.join(directory, "projects")


def new(disk: Disk, directory: str, environment: Mapping[str, str]) -> Session:
    """Raises OSError."""
    note = Note(new_uuid(), history(environment))
    session = Session(disk, os.path.join(directory, f"{note.session}{SUFFIX}"), note)
    session.write()
    return session


def stored(disk: Disk, path: str) -> Session:
    """Raises Broken."""
    try:
        note = msgspec.json.decode(disk.read(path), type=Note)
    except (OSError, msgspec.MsgspecError) as fault:
        raise Broken(f"The session {path} cannot be read ({fault}). {_RESET}") from None
    kept = transcripts(disk, note)
    if note.begun and not kept:
        raise Broken(f"Claude Code's history no longer has the session {note.session}. {_RESET}")
    note.begun = bool(kept)
    return Session(disk, path, note)


_RESET = "`claudette reset` begins a new one; what was said stays readable."


def transcripts(disk: Disk, note: Note) -> list[str]:
    """What Claude Code keeps of a session: its transcript, and a directory beside it."""
    found = disk.one_below(note.history, f"{note.session}.jsonl")
    return [*found, *disk.there(*(path.removesuffix(".jsonl") for path in found))]
