"""Owns what a notification says: that a chat needs somebody, or no longer does."""

from dataclasses import dataclass

from claudetted.protocol.base import ChatId


@dataclass(frozen=True)
class Notice:
    """One notification. `words` is empty when it is taken back."""

    chat_id: ChatId
    title: str
    why: tuple[str, ...]
    words: str
    link: str
