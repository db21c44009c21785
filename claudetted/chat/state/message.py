"""Owns what a person says to the agent."""

from dataclasses import dataclass, field

from claudetted.protocol.images import Image


@dataclass(frozen=True)
class Message:
    """A text, and images whose bytes are in the chat's directory."""

    text: str
    images: list[Image] = field(default_factory=list)
