"""Owns items: what a transcript is made of, and how one is read in pieces."""

from typing import Literal

import msgspec

from claudetted.protocol.base import ChatId, Data, ItemId, Params, TurnId
from claudetted.protocol.images import Image
from claudetted.protocol.questions import Answer
from claudetted.protocol.turns import Usage

ItemKind = Literal["user", "message", "reasoning", "tool", "compaction", "notice"]
ItemStatus = Literal["open", "done", "failed", "stopped", "discarded", "lost"]
ToolPhase = Literal["writing", "asking", "running", "ended"]
NoticeKind = Literal["retry", "error", "stopped", "restored", "reset", "info", "command", "answer"]
ItemField = Literal["text", "input", "diff"]

INLINE_BYTES = 64 * 1024
"""A longer text is stored once and cut in events; `item/get` reads the rest."""


class ToolCall(Data, frozen=True):
    """One call of one tool by the agent."""

    name: str
    phase: ToolPhase
    input: msgspec.Raw = msgspec.Raw(b"{}")
    """The arguments, as JSON. `{}` with `inputBytes` set when they are too long to inline.

    A call named `plan` has the agent's plan as it is now, whichever agent it is of:
    `{"entries": [{"content": "…", "status": "pending"}]}`, with the statuses `pending`,
    `in_progress` and `completed`. The text of its item has the same for a person."""
    input_bytes: int = 0
    """Length of the arguments in bytes when they are not inlined."""
    title: str = ""
    """One line for a person: the command, the path, the pattern."""
    permission_id: str = ""
    exit_code: int | None = None
    diff: str = ""
    """Unified diff of an edit, cut at the inline limit."""
    diff_bytes: int = 0
    """Length of the whole diff in bytes when `diff` is cut."""
    error: str = ""
    truncated: bool = False
    """The agent saw less than the tool produced."""


class CompactionInfo(Data, frozen=True):
    """The boundary a compaction leaves in the transcript. Token counts are null when unknown.

    `usage` is what the summary took, unless a turn counts it as its own.
    """

    trigger: Literal["manual", "threshold", "overflow"]
    before: int | None = None
    after: int | None = None
    duration_ms: int = 0
    usage: Usage | None = None


class Item(Data, frozen=True):
    """One piece of a transcript.

    `text` is the message, the reasoning, the tool's output or the notice; at most 64 KiB of it,
    `textBytes` is its whole length in UTF-8 bytes. Open items grow by deltas.
    """

    id: ItemId
    kind: ItemKind
    status: ItemStatus
    turn_id: TurnId | None = None
    opened_at: str = ""
    closed_at: str = ""
    text: str = ""
    text_bytes: int = 0
    tool: ToolCall | None = None
    compaction: CompactionInfo | None = None
    notice: NoticeKind | None = None
    model: str = ""
    """The model that wrote a message or reasoning."""
    command: str = ""
    """The slash command that a notice answers, as it was typed."""
    parent_id: ItemId | None = None
    """The tool call whose own agent, at work for this one, said or did this."""
    answer: Answer | None = None
    """Of the question that a notice tells the end of; the notice bears its id."""
    images: list[Image] = []
    """Of a user's message; `item/image` reads the bytes."""

    @property
    def cut(self) -> bool:
        return self.text_bytes > len(self.text.encode())


class GetParams(Params, frozen=True):
    """Reads one field of an item. Offsets and limits are in UTF-8 bytes."""

    chat_id: ChatId
    item_id: ItemId
    field: ItemField = "text"
    offset: int = 0
    limit: int = 256 * 1024


class GetResult(Data, frozen=True):
    """The item as it is now, and a piece of the asked field that starts at `offset`."""

    item: Item
    text: str
    offset: int
    total: int
    """Length of the whole field in bytes (so far, for an open item)."""
