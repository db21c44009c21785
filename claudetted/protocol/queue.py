"""Owns the queue: messages that wait for their chat to be free."""

from typing import Annotated

import msgspec

from claudetted.protocol.base import ChatId, Data, Params, TurnId
from claudetted.protocol.turns import When


class QueueEntry(Data, frozen=True):
    """A message that waits. `text` is at most 1 KiB of it; `queue/list` has the whole."""

    turn_id: TurnId
    text: str
    text_bytes: int
    when: When
    at: str
    expand: bool = False
    """It is a command of the agent's own."""


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
    text: Annotated[str, msgspec.Meta(min_length=1)]


class RemoveParams(Params, frozen=True):
    chat_id: ChatId
    turn_id: TurnId


class ResumeParams(Params, frozen=True):
    chat_id: ChatId
