"""Owns one step of a chat: the events it adds, the draft they lead to, and what it stores.

A step is planned without waiting, then committed as one transaction, then published. A step
whose commit fails is dropped whole and the chat stands where it stood.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from msgspec.structs import replace

from claudetted.chat import ids
from claudetted.chat.agent import Agent, Pending, RequestKind
from claudetted.chat.items import fit
from claudetted.chat.state import ChatState, fold
from claudetted.chat.status import status_of
from claudetted.chat.texts import Texts
from claudetted.permissions.verdict import Verdict
from claudetted.protocol import errors
from claudetted.protocol import events as ev
from claudetted.protocol.base import ChatId, ItemId, PermissionId, SidecarId, TurnId
from claudetted.protocol.chats import Chat
from claudetted.protocol.endpoints import Endpoint
from claudetted.protocol.items import Item, NoticeKind
from claudetted.protocol.permissions import Request, Resolution
from claudetted.protocol.questions import Answer, Question
from claudetted.protocol.rules import Rule
from claudetted.protocol.turns import Turn, Usage
from claudetted.store import journal
from claudetted.store.usage import UsageRow

_encode = msgspec.json.Encoder().encode

Route = Callable[[str, str], Endpoint | None]
"""(backend, model) -> where it is served."""


def encode_line(line: object) -> bytes:
    """As the sidecar reads it."""
    return _encode(line) + b"\n"


@dataclass
class ToldEvent:
    """An event as it will be published."""

    seq: int
    at: str
    event: ev.Event
    body: bytes


@dataclass
class ToldDelta:
    """A piece of an open item as it will be published; grows while the step is planned."""

    item_id: ItemId
    offset: int
    pieces: list[str]


class Step:
    """A draft of what the chat will be. Planned by the chat's task alone.

    `launch` and `end_sidecar` are carried out when the step is committed.
    """

    def __init__(
        self,
        chat_id: ChatId,
        state: ChatState | None,
        agent: Agent,
        texts: Texts,
        prompts: dict[TurnId, str],
        items: int,
        judge: "Callable[[Step, Request], Verdict]",
        setting: Callable[[str, str], Any],
        refuses: Callable[[Chat], str],
        denied: Mapping[PermissionId, Resolution] | None = None,
        route: "Route" = lambda _backend, _model: None,
    ) -> None:
        self.chat_id = chat_id
        self.rules_added: list[Rule] = []
        """In force at once within the step, for all when it is committed."""
        self.denied = dict(denied or {})
        """Open requests that were answered with no, and the disk did not take it down yet."""
        self._judge = judge
        self._route = route
        self._setting = setting
        self.chosen: dict[str, Any] = {}
        """Settings that change with the step: in force at once within it."""
        self._refuses = refuses
        self.prompts = prompts
        """Whole texts of messages that wait; grown here, trimmed by the actor."""
        self.told: list[ToldEvent | ToldDelta] = []
        self.launch: SidecarId | None = None
        self.remove = False
        """The chat is removed with everything instead of stored."""
        self.afresh = False
        """The sessions of earlier sidecars are given up."""
        self.credentials_wanted = False
        """By the sidecar; they are nowhere stored."""
        self.end_sidecar = False
        """The sidecar is ended when the step is committed."""
        self.env: dict[str, str] | None = None
        self.item_count = items
        self.grown: dict[ItemId, bytearray] = {}
        """What open items grew by in this step."""
        self._state = state
        self._texts = texts
        self._touched = False
        self._agent = agent

    @cached_property
    def at(self) -> str:
        """When all of it happens."""
        return ids.now()

    @cached_property
    def _write(self) -> journal.Write:
        return journal.Write(journal.ChatRow(self.chat_id, False, "", 0, b"", b""))

    def route(self, chat: Chat) -> Endpoint | None:
        """Where the chat's model is served, unless the agent knows. Raises the Fault that says
        why nothing may run."""
        return self._route(chat.backend, chat.model or "")

    def judge(self, request: Request) -> Verdict:
        """What the engine says of a call, as the chat stands in this draft."""
        return self._judge(self, request)

    def setting(self, key: str) -> Any:
        """As it holds for the chat's workspace, in this draft."""
        workspace = self.state.chat.workspace
        return self.chosen.get(f"{key}:{workspace}", self._setting(key, workspace))

    def choose(self, key: str, value: Any) -> None:
        """Changes a setting with the step."""
        self.chosen[key] = value
        self.write.settings.append((key, msgspec.json.encode(value)))

    def refusal(self) -> str:
        """Why the chat's model may not or cannot be used now; empty if it may."""
        try:
            self.route(self.state.chat)
        except errors.Fault as fault:
            return fault.message
        return self._refuses(self.state.chat)

    @property
    def agent(self) -> Agent:
        return self._agent

    @agent.setter
    def agent(self, agent: Agent) -> None:
        self._touched = True
        self._agent = agent

    @property
    def state(self) -> ChatState:
        assert self._state is not None
        return self._state

    @property
    def events(self) -> list[ev.Event]:
        return [entry.event for entry in self.told if isinstance(entry, ToldEvent)]

    @property
    def write(self) -> journal.Write:
        """Rows beside the events; touching it makes the step one that must be committed."""
        self._touched = True
        return self._write

    def is_open(self, permission_id: PermissionId) -> bool:
        """Whether a request can still be decided."""
        return permission_id in self.state.permissions and permission_id not in self.denied

    def touch(self) -> None:
        """Commits the step even if it has no events: what open items grew by is stored."""
        self._touched = True

    @property
    def durable(self) -> bool:
        """Whether there is anything to commit."""
        return self._touched

    def emit(self, event: ev.Event) -> None:
        """Adds an event and folds it into the draft."""
        seq = (self._state.seq if self._state else 0) + 1
        body = ev.encode(event)
        self._state = fold(self._state, seq, self.at, event)
        self.write.events.append(journal.EventRow(seq, self.at, body))
        self.told.append(ToldEvent(seq, self.at, event, body))

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

    def grow(self, item_id: ItemId, text: str) -> None:
        """A delta of an open item; joins the one before it when that is of the same item."""
        if not text:
            return
        grown = self.grown.setdefault(item_id, bytearray())
        last = self.told[-1] if self.told else None
        if isinstance(last, ToldDelta) and last.item_id == item_id:
            last.pieces.append(text)
        else:
            offset = self._texts.get(item_id).length + len(grown)
            self.told.append(ToldDelta(item_id, offset, [text]))
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

    def finish(self, committed: tuple[str, int] | None) -> journal.Write:
        """The rows of the whole step. `committed` is how far the sidecar's output is in it."""
        status = status_of(self.state, self.agent)
        if status != self.state.chat.status:
            self.emit(ev.StatusChanged(status))
        write = self._write
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
        write.env = None if self.env is None else msgspec.json.encode(self.env)
        write.committed = committed
        write.pieces = [(item, offset, data) for item, offset, data in self.unsaved()]
        return write

    def unsaved(self) -> list[tuple[ItemId, int, bytes]]:
        """What open items will have grown by since they were last stored."""
        closed = set(self._write.closed)
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


def deleted(seq: int) -> ToldEvent:
    """The last thing a chat tells; nothing of it is stored."""
    event = ev.ChatDeleted()
    return ToldEvent(seq, ids.now(), event, ev.encode(event))
