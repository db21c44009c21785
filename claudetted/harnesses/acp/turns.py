"""Owns how a turn ends: as what, with which words, and what it has used."""

from collections.abc import Iterator

import msgspec

from claudetted.harnesses.acp import messages as acp
from claudetted.harnesses.acp.agent import Agent
from claudetted.harnesses.acp.conversation import Conversation
from claudetted.harnesses.acp.messages import Incoming
from claudetted.harnesses.acp.refusals import not_signed_in
from claudetted.harnesses.acp.speech import Status
from claudetted.harnesses.acp.vendor import sentence
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line
from claudetted.protocol.turns import Incomplete, Usage

_LACKS: dict[str, Incomplete] = {"max_tokens": "length"}
_FAILS = {
    "max_turn_requests": "The agent made as many model calls as it may in one turn; send another "
    "message to go on.",
    "refusal": "The model refused to go on.",
}


class Turn(msgspec.Struct):
    """What runs: a turn, or a summary of the conversation when it has no id."""

    id: str
    request: int = 0
    """Of the summary."""
    aborts: list[int] = []
    cost: float | None = None
    """Of the session before it."""
    before: int | None = None
    """How full the context was before a summary."""


def answer_of(message: Incoming) -> acp.Prompted:
    """What it says beyond that the turn is over, which every answer says."""
    if message.error:
        return acp.Prompted()
    try:
        return msgspec.json.decode(message.result, type=acp.Prompted | None) or acp.Prompted()
    except msgspec.MsgspecError:
        return acp.Prompted()


def outcome(
    agent: Agent, conversation: Conversation, stopped: bool, message: Incoming
) -> tuple[Status, str]:
    if stopped:
        return "stopped", ""
    if conversation.unasked:
        return "failed", (
            f"{agent.name} did “{conversation.unasked[:200]}” without asking first, so the turn "
            "was stopped. Let it ask in its own settings, or run this chat at the level full."
        )
    if message.error:
        if message.error.code == acp.AUTH_REQUIRED:
            how = not_signed_in(agent, message.error).rstrip(".")
            return "failed", f"{how}; then /retry."
        return "failed", sentence(message.error)
    reason = answer_of(message).stop_reason
    if reason == "cancelled":
        return "failed", f"{agent.name} cancelled the turn by itself."
    return ("failed", _FAILS[reason]) if reason in _FAILS else ("done", "")


def ended(
    turn: Turn, conversation: Conversation, status: Status, error: str, told: acp.Prompted
) -> Iterator[Line]:
    usage = conversation.usage
    if status == "done" and usage.used is not None:
        yield sc.ContextUsed(usage.used, usage.size)
    lacks = _LACKS.get(told.stop_reason, "")
    yield sc.TurnEnd(turn.id, status, error, _spent(turn, conversation, told), lacks)


def compacted(
    turn: Turn, conversation: Conversation, status: Status, error: str, told: acp.Prompted
) -> Iterator[Line]:
    done = status == "done"
    after = conversation.usage.used if done else None
    why = error or ("" if done else "It was stopped.")
    spent = _spent(turn, conversation, told)
    yield sc.CompactionEnd("manual", done, turn.before, after, error=why, usage=spent)
    yield sc.Reply(turn.request, None if done else sc.LineError("NothingToCompact", why))


def _spent(turn: Turn, conversation: Conversation, told: acp.Prompted) -> Usage | None:
    spent, now = told.usage, conversation.usage.cost
    cost = now - (turn.cost or 0.0) if now is not None else None
    if spent is None and not cost:
        return None
    spent = spent or acp.Spent()
    return Usage(
        spent.input_tokens,
        spent.output_tokens,
        spent.cached_read_tokens or 0,
        spent.cached_write_tokens or 0,
        spent.thought_tokens or 0,
        cost or None,
        "provider" if cost else None,
    )
