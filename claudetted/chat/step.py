"""Owns one step of a chat: the events it adds, the draft they lead to, and what it stores.

A step is planned without waiting, then committed as one transaction, then published. A step
whose commit fails is dropped whole and the chat stands where it stood.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from claudetted.chat import ids
from claudetted.chat.effects import Effects
from claudetted.chat.policy import Policy
from claudetted.chat.state.agent import Agent, Pending, RequestKind
from claudetted.chat.state.fold import ChatState, fold
from claudetted.chat.state.items import fit
from claudetted.chat.state.message import Message
from claudetted.chat.state.open_texts import Texts
from claudetted.chat.state.status import status_of
from claudetted.protocol import errors, events as ev
from claudetted.protocol.base import ChatId, ItemId, PermissionId, TurnId
from claudetted.protocol.chats import Chat
from claudetted.protocol.endpoints import Endpoint
from claudetted.protocol.items import Item, NoticeKind
from claudetted.protocol.permissions import Resolution
from claudetted.protocol.questions import Answer, Question
from claudetted.protocol.turns import Turn, Usage
from claudetted.sidecar import moments
from claudetted.sidecar.moments import Moment
from claudetted.store import journal
from claudetted.store.database import Transaction
from claudetted.store.usage import UsageRow

_encode = msgspec.json.Encoder().encode


def encode_line(line: object) -> bytes:
    """As the sidecar reads it."""
    return _encode(line) + b"\n"


class PublishedEvent(msgspec.Struct):
    """An event as it will be published."""

    seq: int
    at: str
    event: ev.Event
    body: bytes


class PublishedDelta(msgspec.Struct):
    """A piece of an open item as it will be published; grows while the step is planned."""

    item_id: ItemId
    offset: int
    pieces: list[str]


class Standing(msgspec.Struct, frozen=True):
    """Where a chat stands before a step."""

    state: ChatState | None
    agent: Agent
    texts: Texts
    prompts: Mapping[TurnId, Message] = msgspec.field(default_factory=dict)
    items: int = 0
    denied: Mapping[PermissionId, Resolution] = msgspec.field(default_factory=dict)


class Step:
    """A draft of what the chat will be. Planned by the chat's task alone.

    `effects` are carried out when the step is committed.
    """

    def __init__(self, chat_id: ChatId, standing: Standing, policy: Policy) -> None:
        self.chat_id = chat_id
        self.effects = Effects()
        self.denied = dict(standing.denied)
        """Open requests that were answered with no, and the disk did not take it down yet."""
        self.prompts = dict(standing.prompts)
        """Messages that wait, whole; grown here, trimmed by the actor."""
        self.published: list[PublishedEvent | PublishedDelta] = []
        self.item_count = standing.items
        self.grown: dict[ItemId, bytearray] = {}
        """What open items grew by in this step."""
        self.policy = policy
        self._way: tuple[tuple[str | None, ...], Endpoint | None] | None = None
        """What the gate answered: nothing can change while the step is planned."""
        # None before the first event alone, which makes the chat.
        self.state = cast(ChatState, standing.state)
        self.agent = standing.agent
        self.events: list[ev.Event] = []
        self._agent_before = standing.agent
        self._texts = standing.texts
        self._touched = False

    @cached_property
    def at(self) -> str:
        """When all of it happens."""
        return ids.now()

    @cached_property
    def moment(self) -> Moment:
        """The same as the kernel counts it. What the step has started is started after it."""
        return moments.now()

    @cached_property
    def write(self) -> journal.Write:
        """Rows beside the events; taking it makes the step one that must be committed."""
        self.touch()
        return journal.Write(journal.ChatRow(self.chat_id, False, "", 0, b"", b""))

    def may_run(self, chat: Chat) -> Endpoint | None:
        """Where the chat's model is served, unless the agent knows. Raises the Fault that says
        why nothing may run."""
        runs = (chat.workspace, chat.harness, chat.backend, chat.model, chat.model_used)
        if self._way is None or self._way[0] != runs:
            self._way = (runs, self.policy.may_run(chat))
        return self._way[1]

    def refusal(self) -> str:
        """Why nothing may run; empty if it may."""
        try:
            self.may_run(self.state.chat)
        except errors.Fault as fault:
            return fault.message
        return ""

    @property
    def boxed(self) -> bool:
        """Whether the kernel can hold the agent's commands to their verdicts."""
        hello = self.agent.hello
        return self.policy.boxes and hello is not None and hello.boxed

    def setting(self, key: str) -> Any:
        """As it holds for the chat's workspace, in this draft."""
        workspace = self.state.chat.workspace
        known = self.policy.setting(key, workspace)
        return self.effects.settings.get(f"{key}:{workspace}", known)

    def choose(self, key: str, value: Any) -> None:
        """Changes a setting with the step."""
        self.effects.settings[key] = value
        self.write.settings.append((key, msgspec.json.encode(value)))

    def is_open(self, permission_id: PermissionId) -> bool:
        """Whether a request can still be decided."""
        return permission_id in self.state.permissions and permission_id not in self.denied

    def touch(self) -> None:
        """Commits the step even if it has no events: what open items grew by is stored."""
        self._touched = True

    @property
    def durable(self) -> bool:
        """Whether there is anything to commit."""
        return self._touched or self.agent is not self._agent_before

    def emit(self, event: ev.Event) -> None:
        """Adds an event and folds it into the draft."""
        seq = (self.state.seq if self.state else 0) + 1
        body = ev.encode(event)
        self.state = fold(self.state, seq, self.at, event)
        self.write.events.append(journal.EventRow(seq, self.at, body))
        self.events.append(event)
        self.published.append(PublishedEvent(seq, self.at, event, body))

    def add_item(self, item: Item, text: str = "") -> None:
        """An item that is complete at once."""
        fitted, payloads = fit(replace(item, opened_at=self.at, closed_at=self.at), text.encode())
        self._insert(fitted, payloads)
        self.emit(ev.ItemAdded(fitted))

    def add_notice(self, kind: NoticeKind, text: str, command: str = "") -> None:
        """Something for the reader that is no message."""
        item_id = ItemId(f"{self.chat_id}.{self.state.seq + 1}")
        self._add_notice(Item(item_id, "notice", "done", notice=kind, command=command), text)

    def add_answer(self, question: Question, answer: Answer) -> None:
        """How a question ended."""
        item = Item(ItemId(question.id), "notice", "done", notice="answer", answer=answer)
        self._add_notice(item, f"{question.title} {answer.label or answer.why}")

    def _add_notice(self, item: Item, text: str) -> None:
        turn_id = self.state.running.id if self.state.running else None
        self.add_item(replace(item, turn_id=turn_id), text)

    def open_item(self, item: Item) -> None:
        fitted, payloads = fit(replace(item, opened_at=self.at), b"")
        self._insert(fitted, payloads)
        self.emit(ev.ItemOpened(fitted))
        if item.tool:
            self.agent = self.agent.call_opened(item.id, self.moment)

    def change_item(self, item: Item) -> None:
        fitted, payloads = fit(item, b"")
        self.write.item_bodies.append((item.id, msgspec.json.encode(fitted)))
        self.write.payloads.extend((item.id, *payload) for payload in payloads)
        self.emit(ev.ItemChanged(fitted))

    def close_item(self, item: Item, text: bytes | None = None) -> None:
        """Closes with the text the deltas built, or with another."""
        built = self._texts.get(item.id).whole() + self.grown.pop(item.id, b"")
        whole = built if text is None else text
        fitted, payloads = fit(replace(item, closed_at=self.at), whole)
        self.write.item_bodies.append((item.id, msgspec.json.encode(fitted)))
        self.write.payloads.extend((item.id, *payload) for payload in payloads)
        self.write.closed.append(item.id)
        self.emit(ev.ItemClosed(fitted))
        self.agent = self.agent.call_ended(item.id)

    def grow(self, item_id: ItemId, text: str) -> None:
        """A delta of an open item; joins the one before it when that is of the same item."""
        if not text:
            return
        grown = self.grown.setdefault(item_id, bytearray())
        last = self.published[-1] if self.published else None
        if isinstance(last, PublishedDelta) and last.item_id == item_id:
            last.pieces.append(text)
        else:
            offset = self._texts.get(item_id).length + len(grown)
            self.published.append(PublishedDelta(item_id, offset, [text]))
        grown += text.encode()

    def put_turn(self, turn: Turn, prompt: str | None = None) -> None:
        """Stores a turn as it is now, with its prompt when that is new."""
        body = msgspec.json.encode(turn)
        encoded = None if prompt is None else prompt.encode()
        self.write.turns.append(journal.TurnRow(turn.id, body, encoded))

    def put_usage(self, of: str, usage: Usage | None, duration_ms: int, *, turn: bool) -> None:
        """Stores what a turn took, or a compaction between turns; nothing for none."""
        if usage is None:
            return
        row = UsageRow(
            of,
            self.at,
            not turn,
            usage.input,
            usage.output,
            usage.cache_read,
            usage.cache_write,
            usage.reasoning,
            usage.cost_usd,
            usage.cost_source,
            duration_ms,
        )
        self.write.used.append(row)

    def request(
        self, kind: RequestKind, make: Callable[[int], Any], turn_id: TurnId | None = None
    ) -> None:
        """Sends a line that the sidecar answers; it is numbered like its input."""
        n = self.agent.input_n + 1
        self.agent = self.agent.asked(n, Pending(kind, turn_id))
        self.send(make(n))

    def send(self, line: Any) -> None:
        """Stores a line for the sidecar; it is written when the step is committed."""
        sidecar_id = self.agent.sidecar_id
        assert sidecar_id is not None
        n = self.agent.input_n + 1
        self.agent = replace(self.agent, input_n=n)
        self.write.inputs.append((sidecar_id, n, encode_line(line)))

    def transaction(self, committed: tuple[str, int] | None) -> Transaction:
        """What the whole step stores. `committed` is how far the sidecar's output is in it."""
        if self.effects.remove:
            return partial(journal.remove_chat, chat_id=self.chat_id)
        return partial(journal.store, write=self.finish(committed))

    def finish(self, committed: tuple[str, int] | None) -> journal.Write:
        """The rows of the whole step."""
        status = status_of(self.state, self.agent)
        if status != self.state.chat.status:
            self.emit(ev.StatusChanged(status))
        write = self.write
        chat = self.state.chat
        write.chat = journal.ChatRow(
            chat.id,
            bool(chat.archived_at),
            chat.updated_at,
            self.state.seq,
            msgspec.json.encode(self.state),
            msgspec.json.encode(self.agent),
            bool(chat.attention),
        )
        env = self.effects.env
        write.env = None if env is None else msgspec.json.encode(env)
        write.committed = committed
        write.pieces = self._unsaved()
        return write

    def _unsaved(self) -> list[tuple[str, int, bytes]]:
        """What open items will have grown by since they were last stored."""
        closed = set(self.write.closed)
        pieces = {item: (offset, data) for item, offset, data in self._texts.unsaved()}
        for item, grown in self.grown.items():
            offset, data = pieces.get(item, (self._texts.get(item).length, b""))
            pieces[item] = (offset, data + grown)
        return [(item, *piece) for item, piece in pieces.items() if item not in closed]

    def _insert(self, item: Item, payloads: list[tuple[str, bytes]]) -> None:
        self.item_count += 1
        row = journal.ItemRow(self.item_count, item.id, msgspec.json.encode(item))
        self.write.items.append(row)
        self.write.payloads.extend((item.id, *payload) for payload in payloads)


def deleted(seq: int) -> PublishedEvent:
    """The last thing a chat tells; nothing of it is stored."""
    event = ev.ChatDeleted()
    return PublishedEvent(seq, ids.now(), event, ev.encode(event))
