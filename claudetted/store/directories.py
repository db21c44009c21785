"""Owns the directories of chats: emptied at a reset, removed with it."""

import shutil

from claudetted.protocol import places
from claudetted.protocol.base import ChatId


def remove(chat_id: ChatId) -> None:
    """Everything of a chat that is no more."""
    shutil.rmtree(places.chat_dir(chat_id), ignore_errors=True)


def remove_sessions(chat_id: ChatId) -> None:
    """What the agent remembers of a chat that goes on."""
    shutil.rmtree(places.chat_dir(chat_id) / "sessions", ignore_errors=True)
