"""Owns the fold: what a chat is after each of its events. Pure, and the same for clients.

Texts of open items are not part of it: they grow by deltas, which are not events.
"""

from functools import singledispatch
from typing import Literal

from msgspec.structs import replace

from claudetted.protocol import events as ev
from claudetted.protocol.base import Data, ItemId, PermissionId, QuestionId
from claudetted.protocol.chats import Chat, SidecarInfo
from claudetted.protocol.items import Item
from claudetted.protocol.permissions import Permission
from claudetted.protocol.questions import Question
from claudetted.protocol.queue import QueueEntry
from claudetted.protocol.turns import Turn, Usage


class ChatState(Data, frozen=True):
    """A chat at one point of its journal.

    `turn` is the running turn, or the last one that ended. `open` holds open items without
    their text, in the order they were opened.
    """

    chat: Chat
    seq: int = 0
    turn: Turn | None = None
    open: dict[ItemId, Item] = {}
    permissions: dict[PermissionId, Permission] = {}
    questions: dict[QuestionId, Question] = {}
    queue: list[QueueEntry] = []
    queue_paused: bool = False
    sidecar: SidecarInfo | None = None
    compacting: bool = False
    compaction: Literal["", "manual", "threshold", "overflow"] = ""
    """What has caused the compaction under way."""

    @property
    def running(self) -> Turn | None:
        """The turn that runs now."""
        return self.turn if self.turn and self.turn.state == "running" else None


def fold(state: ChatState | None, seq: int, at: str, event: ev.Event) -> ChatState:
    """The state after one more event. Only `chat/created` has no state before it."""
    if isinstance(event, ev.ChatCreated):
        return ChatState(chat=event.chat, seq=seq)
    assert state is not None, f"{type(event).__name__} before chat/created"
    after = _apply(event, state)
    chat = replace(
        after.chat,
        updated_at=at,
        queue_length=len(after.queue),
        open_permissions=len(after.permissions),
        open_questions=len(after.questions),
    )
    return replace(after, seq=seq, chat=chat)


@singledispatch
def _apply(event: ev.Event, state: ChatState) -> ChatState:
    """Events that change nothing but the journal."""
    return state


@_apply.register
def _(event: ev.ChatConfigured, state: ChatState) -> ChatState:
    return replace(state, chat=event.chat)


@_apply.register
def _(event: ev.ChatArchived, state: ChatState) -> ChatState:
    return replace(state, chat=replace(state.chat, archived_at=event.at))


@_apply.register
def _(event: ev.ChatRestored, state: ChatState) -> ChatState:
    return replace(state, chat=replace(state.chat, archived_at=""))


@_apply.register
def _(event: ev.StatusChanged, state: ChatState) -> ChatState:
    return replace(state, chat=replace(state.chat, status=event.status))


@_apply.register
def _(event: ev.TurnStarted, state: ChatState) -> ChatState:
    return replace(state, turn=event.turn)


@_apply.register
def _(event: ev.TurnEnded, state: ChatState) -> ChatState:
    totals = add_usage(state.chat.totals, event.turn.usage)
    return replace(state, turn=event.turn, chat=replace(state.chat, totals=totals))


@_apply.register
def _(event: ev.ItemOpened, state: ChatState) -> ChatState:
    return replace(state, open={**state.open, event.item.id: event.item})


@_apply.register
def _(event: ev.ItemChanged, state: ChatState) -> ChatState:
    return replace(state, open={**state.open, event.item.id: event.item})


@_apply.register
def _(event: ev.ItemClosed, state: ChatState) -> ChatState:
    rest = {key: item for key, item in state.open.items() if key != event.item.id}
    return replace(state, open=rest)


@_apply.register
def _(event: ev.QueueChanged, state: ChatState) -> ChatState:
    return replace(state, queue=event.entries, queue_paused=event.paused)


@_apply.register
def _(event: ev.PermissionOpened, state: ChatState) -> ChatState:
    opened = {**state.permissions, event.permission.id: event.permission}
    return replace(state, permissions=opened)


@_apply.register
def _(event: ev.PermissionResolved, state: ChatState) -> ChatState:
    rest = {key: asked for key, asked in state.permissions.items() if key != event.permission_id}
    return replace(state, permissions=rest)


@_apply.register
def _(event: ev.QuestionOpened, state: ChatState) -> ChatState:
    return replace(state, questions={**state.questions, event.question.id: event.question})


@_apply.register
def _(event: ev.QuestionResolved, state: ChatState) -> ChatState:
    rest = {key: asked for key, asked in state.questions.items() if key != event.question_id}
    return replace(state, questions=rest)


@_apply.register
def _(event: ev.CompactionStarted, state: ChatState) -> ChatState:
    return replace(state, compacting=True, compaction=event.trigger)


@_apply.register
def _(event: ev.CompactionEnded, state: ChatState) -> ChatState:
    totals = add_usage(state.chat.totals, event.compaction.usage)
    chat = replace(state.chat, totals=totals)
    return replace(state, compacting=False, compaction="", chat=chat)


@_apply.register
def _(event: ev.ContextChanged, state: ChatState) -> ChatState:
    return replace(state, chat=replace(state.chat, context=event.context))


@_apply.register
def _(event: ev.AttentionRaised, state: ChatState) -> ChatState:
    attention = [*(why for why in state.chat.attention if why != event.why), event.why]
    return replace(state, chat=replace(state.chat, attention=attention))


@_apply.register
def _(event: ev.AttentionCleared, state: ChatState) -> ChatState:
    attention = [why for why in state.chat.attention if why != event.why]
    return replace(state, chat=replace(state.chat, attention=attention))


@_apply.register
def _(event: ev.SidecarStarted, state: ChatState) -> ChatState:
    return replace(state, sidecar=event.sidecar)


@_apply.register(ev.SidecarStopped)
@_apply.register(ev.SidecarLost)
def _(event: ev.SidecarStopped | ev.SidecarLost, state: ChatState) -> ChatState:
    return replace(state, sidecar=None, compacting=False, compaction="")


def add_usage(total: Usage, more: Usage | None) -> Usage:
    """Sums tokens and money. Money nobody knows is none; with one estimate the sum is one."""
    if more is None:
        return total
    sources = {total.cost_source, more.cost_source}
    costs = [cost for cost in (total.cost_usd, more.cost_usd) if cost is not None]
    return Usage(
        input=total.input + more.input,
        output=total.output + more.output,
        cache_read=total.cache_read + more.cache_read,
        cache_write=total.cache_write + more.cache_write,
        reasoning=total.reasoning + more.reasoning,
        cost_usd=sum(costs) if costs else None,
        cost_source="catalogue"
        if "catalogue" in sources
        else more.cost_source or total.cost_source,
    )
