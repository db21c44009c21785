"""Owns the directories of chats: made for an agent, emptied at a reset, removed with the chat."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from claudetted.protocol import places
from claudetted.protocol.base import ChatId

_SESSIONS = "sessions"


def make_private(directory: Path) -> None:
    """Makes a directory, or takes one that is there, for our user alone, whatever the umask was.

    Raises PermissionError when it is another user's.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        directory.chmod(0o700)
    except PermissionError:
        raise PermissionError(
            f"{directory} belongs to another user: make it yours, or choose another directory."
        ) from None


def make(chat_id: ChatId) -> None:
    """The chat's own and its temporary one, for its owner alone."""
    for directory in (places.chat_dir(chat_id), places.chat_dir(chat_id) / "tmp"):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def sessions(chat_id: ChatId) -> list[str]:
    """The places of what the agent remembers of a chat."""
    names: list[str] = []
    with suppress(FileNotFoundError):
        names = os.listdir(places.chat_dir(chat_id) / _SESSIONS)
    return [f"{chat_id}/{_SESSIONS}/{name}" for name in names]


def remove(place: str) -> None:
    """A chat's directory, or one in it, with everything."""
    shutil.rmtree(places.chat_dir(place), ignore_errors=True)
