"""Owns the queue: messages that wait for their chat to be free."""

from claudetted.protocol.base import ChatId, Data, Params, TurnId
from claudetted.protocol.images import Image, NewImage
from claudetted.protocol.turns import Text, When


class QueueEntry(Data, frozen=True):
    """A message that waits. `text` is at most 1 KiB of it; `queue/list` has the whole."""

    turn_id: TurnId
    text: str
    text_bytes: int
    when: When
    at: str
    expand: bool = False
    """It is a command of the agent's own."""
    images: list[Image] = []


class ListParams(Params, frozen=True):
    chat_id: ChatId


class ListResult(Data, frozen=True):
    """The waiting messages, whole, next one first. A paused queue waits for `turn/send`,
    `turn/retry` or `queue/resume`."""

    entries: list[QueueEntry] = []
    paused: bool = False


class EditParams(Params, frozen=True):
    chat_id: ChatId
    turn_id: TurnId
    text: Text
    """Empty only beside images."""
    images: list[NewImage] | None = None
    """Instead of those that the message has; null leaves them."""


class RemoveParams(Params, frozen=True):
    chat_id: ChatId
    turn_id: TurnId


class ResumeParams(Params, frozen=True):
    chat_id: ChatId
