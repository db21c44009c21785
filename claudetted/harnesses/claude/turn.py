"""Owns a running turn: what it took, the messages that went into it, and how it ended. Pure."""

from typing import Any

import msgspec

from claudetted.harnesses.claude.frames import Frame, Tokens
from claudetted.protocol.turns import Usage

_STOPPED = ("aborted_streaming", "aborted_tools")


class Turn(msgspec.Struct):
    """One prompt until nothing is left to do. Several results may come for it."""

    id: str
    steers: dict[str, str] = {}
    """Messages that were not taken yet: the vendor's id -> the turn's that they are of."""
    aborts: list[int] = []
    """Requests that are answered when it has stopped."""
    so_far: Usage = msgspec.field(default_factory=Usage)
    """By the answers of the model that are over."""
    total: Usage = msgspec.field(default_factory=Usage)
    """By the results that came."""
    trouble: tuple[Any, int | None, str] | None = None
    """Kind, status and text of what the model's server refused."""
    refused: str = ""
    """Why it was ended by us, in a sentence."""

    @property
    def stopping(self) -> bool:
        return bool(self.aborts)


def was_stopped(frame: Frame) -> bool:
    return (frame.terminal_reason or "") in _STOPPED


def plus(one: Usage, tokens: Tokens | None, cost: float | None = None) -> Usage:
    """With what an answer or a result took besides. The price is that of a list."""
    tokens = tokens or Tokens()
    thought = (tokens.output_tokens_details or {}).get("thinking_tokens") or 0
    costs = None if cost is None else (one.cost_usd or 0.0) + cost
    return Usage(
        one.input + (tokens.input_tokens or 0),
        one.output + (tokens.output_tokens or 0),
        one.cache_read + (tokens.cache_read_input_tokens or 0),
        one.cache_write + (tokens.cache_creation_input_tokens or 0),
        one.reasoning + int(thought),
        costs,
        None if costs is None else "catalogue",
    )
