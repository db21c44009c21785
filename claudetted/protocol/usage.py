"""Owns usage: what chats have taken in tokens, money and time."""

from claudetted.protocol.base import ChatId, Data, Params
from claudetted.protocol.turns import Usage


class Sum(Data, frozen=True):
    """Turns added up. `unpriced` counts those whose cost nobody knows or that had none."""

    usage: Usage = Usage()
    turns: int = 0
    unpriced: int = 0
    duration_ms: int = 0


class GetParams(Params, frozen=True):
    """Of one chat, or of all."""

    chat_id: ChatId | None = None


class GetResult(Data, frozen=True):
    """Ended turns, and compactions between them; those of deleted chats count among all."""

    total: Sum
    last_day: Sum
