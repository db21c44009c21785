"""Owns usage: what chats have taken in tokens, money and time, and what is left to spend."""

from typing import Literal

from claudetted.protocol.base import ChatId, Data, Params
from claudetted.protocol.turns import Usage


class Sum(Data, frozen=True):
    """Turns added up. `unpriced` counts those whose cost nobody knows or that had none."""

    usage: Usage = Usage()
    turns: int = 0
    unpriced: int = 0
    duration_ms: int = 0


class Balance(Data, frozen=True):
    """What OpenRouter says is left, in USD: of the account, or of the limit of the key in use.

    `totalUsd` is what was bought, or the limit. Without one nobody knows what remains.
    """

    of: Literal["account", "key"]
    used_usd: float
    total_usd: float | None = None
    remaining_usd: float | None = None
    exhausted: bool = False
    at: str = ""


class GetParams(Params, frozen=True):
    """Of one chat, or of all."""

    chat_id: ChatId | None = None


class GetResult(Data, frozen=True):
    """Ended turns, and compactions between them; those of deleted chats count among all.

    `balance` is what OpenRouter told last; `trouble` says why there is none although it was asked.
    """

    total: Sum
    last_day: Sum
    balance: Balance | None = None
    trouble: str = ""


class BalanceParams(Data, frozen=True):
    """The `balance` notification: what OpenRouter told last; nothing when it did not answer. For
    those who follow a chat whose model it serves, or all chats while there is one."""

    balance: Balance | None = None
