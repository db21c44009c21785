"""Owns events: the durable things that happen to a chat, and subscribing to them."""

from typing import Literal

import msgspec

from claudetted.protocol.base import ChatId, Data, ItemId, Params, PermissionId, QuestionId
from claudetted.protocol.chats import AttentionWhy, Chat, Context, SidecarInfo, Snapshot, Status
from claudetted.protocol.items import CompactionInfo, Item
from claudetted.protocol.logins import Login
from claudetted.protocol.permissions import Permission, Resolution
from claudetted.protocol.questions import Answer, Question
from claudetted.protocol.queue import QueueEntry
from claudetted.protocol.turns import EndReason, Turn


class EventData(Data, frozen=True, tag_field="type"):
    """Base of every event; `type` names it."""


class ChatCreated(EventData, tag="chat/created", frozen=True):
    chat: Chat


class ChatConfigured(EventData, tag="chat/configured", frozen=True):
    """Model, level, thinking or title changed: the chat as it is now."""

    chat: Chat


class ChatArchived(EventData, tag="chat/archived", frozen=True):
    at: str


class ChatRestored(EventData, tag="chat/restored", frozen=True):
    pass


class ChatReset(EventData, tag="chat/reset", frozen=True):
    """The agent starts afresh; `hidden` says that earlier items are no longer shown."""

    hidden: bool = False


class ChatDeleted(EventData, tag="chat/deleted", frozen=True):
    """The last event of a chat; it is told and not kept."""


class StatusChanged(EventData, tag="status/changed", frozen=True):
    status: Status


class TurnStarted(EventData, tag="turn/started", frozen=True):
    turn: Turn


class TurnEnded(EventData, tag="turn/ended", frozen=True):
    """`turn` in its final state; `usage` and `durationMs` are in it."""

    turn: Turn
    reason: EndReason


class TurnSteered(EventData, tag="turn/steered", frozen=True):
    """A message was delivered into a running turn and is no turn of its own."""

    turn: Turn


class ItemAdded(EventData, tag="item/added", frozen=True):
    """An item that is complete at once: a user's message, a notice, a compaction."""

    item: Item


class ItemOpened(EventData, tag="item/opened", frozen=True):
    """An item that grows by deltas until it is closed."""

    item: Item


class ItemChanged(EventData, tag="item/changed", frozen=True):
    """An open item without its text: the tool call got its arguments, asks, or runs."""

    item: Item


class ItemClosed(EventData, tag="item/closed", frozen=True):
    """The item in its final state, its text whole or cut at 64 KiB."""

    item: Item


class QueueChanged(EventData, tag="queue/changed", frozen=True):
    entries: list[QueueEntry] = []
    paused: bool = False


class PermissionOpened(EventData, tag="permission/opened", frozen=True):
    permission: Permission


class PermissionResolved(EventData, tag="permission/resolved", frozen=True):
    permission_id: PermissionId
    resolution: Resolution


class QuestionOpened(EventData, tag="question/opened", frozen=True):
    question: Question


class QuestionResolved(EventData, tag="question/resolved", frozen=True):
    question_id: QuestionId
    answer: Answer


class CompactionStarted(EventData, tag="compaction/started", frozen=True):
    trigger: Literal["manual", "threshold", "overflow"]


class CompactionEnded(EventData, tag="compaction/ended", frozen=True):
    """`ok` is false when no context was freed; `error` then says why."""

    compaction: CompactionInfo
    ok: bool = True
    error: str = ""


class ContextChanged(EventData, tag="context/changed", frozen=True):
    context: Context


class AttentionRaised(EventData, tag="attention/raised", frozen=True):
    why: AttentionWhy


class AttentionCleared(EventData, tag="attention/cleared", frozen=True):
    why: AttentionWhy


class SidecarStarted(EventData, tag="sidecar/started", frozen=True):
    """The agent's process is ready; `resumed` when it went on from an earlier session."""

    sidecar: SidecarInfo
    resumed: bool = False


class SidecarStopped(EventData, tag="sidecar/stopped", frozen=True):
    """The agent's process ended as it was asked to."""

    why: str = ""


class SidecarLost(EventData, tag="sidecar/lost", frozen=True):
    """The agent's process ended by itself; `stderr` is its last words."""

    why: str
    stderr: list[str] = []


Event = (
    ChatCreated
    | ChatConfigured
    | ChatArchived
    | ChatRestored
    | ChatReset
    | ChatDeleted
    | StatusChanged
    | TurnStarted
    | TurnEnded
    | TurnSteered
    | ItemAdded
    | ItemOpened
    | ItemChanged
    | ItemClosed
    | QueueChanged
    | PermissionOpened
    | PermissionResolved
    | QuestionOpened
    | QuestionResolved
    | CompactionStarted
    | CompactionEnded
    | ContextChanged
    | AttentionRaised
    | AttentionCleared
    | SidecarStarted
    | SidecarStopped
    | SidecarLost
)


class EventParams(Data, frozen=True):
    """The `event` notification: something durable. `seq` grows by one per chat."""

    chat_id: ChatId
    seq: int
    at: str
    event: Event


class DeltaParams(Data, frozen=True):
    """The `delta` notification: a piece of an open item, `offset` in UTF-8 bytes.

    The text goes where `offset` says: what a client holds from there on is replaced. Deltas may be
    merged or skipped for a slow client; one that sees `offset` ahead of what it holds reads the
    item again with `item/get`.
    """

    chat_id: ChatId
    item_id: ItemId
    offset: int
    text: str


class FeedParams(Data, frozen=True):
    """The `feed` notification for `all` subscribers: what changed about any chat, no items.

    `providers` and `models` are of no chat: who shows them asks again. `login` tells a sign-in as
    it is now.
    """

    subject: Literal["chat", "permission", "question", "deleted", "providers", "models", "login"]
    chat_id: ChatId | None = None
    chat: Chat | None = None
    permission: Permission | None = None
    permission_id: PermissionId | None = None
    resolution: Resolution | None = None
    question: Question | None = None
    question_id: QuestionId | None = None
    answer: Answer | None = None
    login: Login | None = None


class LaggingParams(Data, frozen=True):
    """The `lagging` notification: the last thing a client reads that fell too far behind."""

    cursors: dict[str, str]
    """Where to resume, by chat id."""


class SubscribeParams(Params, frozen=True):
    """One chat, from a snapshot or from after `cursor`; or with `all` the feed of every chat."""

    chat_id: ChatId | None = None
    all: bool = False
    after: str | None = None
    env: dict[str, str] = {}
    """What the client carries of its environment, as in `turn/send`; for one chat."""


class SubscribeResult(Data, frozen=True):
    """Either `resumed`: every event after the cursor follows, then the open items as deltas from
    offset 0, then what is new. Or `snapshot`: start afresh; `note` says why a cursor did not serve.
    """

    snapshot: Snapshot | None = None
    resumed: bool = False
    note: str = ""
    chats: list[Chat] = []
    """For `all`: the chats with a live agent or an open permission."""
    permissions: list[Permission] = []
    """For `all`: every open permission."""
    questions: list[Question] = []
    """For `all`: every open question."""


class UnsubscribeParams(Params, frozen=True):
    chat_id: ChatId | None = None
    all: bool = False


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Event).decode
