"""Owns what a person says to the agent."""

import msgspec

from claudetted.protocol.images import Image


class Message(msgspec.Struct, frozen=True):
    """A text, and images whose bytes are in the chat's directory."""

    text: str
    images: list[Image] = msgspec.field(default_factory=list)
