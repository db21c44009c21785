"""Owns what a notification says: that a chat needs somebody, or no longer does."""

import msgspec

from claudetted.protocol.base import ChatId


class Notice(msgspec.Struct, frozen=True):
    """One notification. `words` is empty when it is taken back."""

    chat_id: ChatId
    title: str
    why: tuple[str, ...]
    words: str
    link: str
