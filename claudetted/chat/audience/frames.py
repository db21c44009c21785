"""Owns the bytes a chat publishes: each event and delta is encoded once for all clients."""

from collections.abc import Iterable

import msgspec

from claudetted.chat.step import PublishedDelta, PublishedEvent
from claudetted.protocol.base import ChatId, Data, ItemId
from claudetted.protocol.events import DeltaParams
from claudetted.wire import jsonrpc


class _StoredEvent(Data, frozen=True):
    """`EventParams` around an event that is bytes already."""

    chat_id: ChatId
    seq: int
    at: str
    event: msgspec.Raw


def framed(chat_id: ChatId, published: Iterable[PublishedEvent | PublishedDelta]) -> list[bytes]:
    """The frames of events and deltas, in their order."""
    return jsonrpc.notifications([_told(chat_id, entry) for entry in published])


def _told(chat_id: ChatId, entry: PublishedEvent | PublishedDelta) -> tuple[str, Data]:
    if isinstance(entry, PublishedEvent):
        return "event", _stored(chat_id, entry.seq, entry.at, entry.body)
    return "delta", DeltaParams(chat_id, entry.item_id, entry.offset, "".join(entry.pieces))


def event_frame(chat_id: ChatId, seq: int, at: str, body: bytes) -> bytes:
    return jsonrpc.notification("event", _stored(chat_id, seq, at, body))


def _stored(chat_id: ChatId, seq: int, at: str, body: bytes) -> _StoredEvent:
    return _StoredEvent(chat_id, seq, at, msgspec.Raw(body))


def delta_frame(chat_id: ChatId, item_id: ItemId, offset: int, text: str) -> bytes:
    return jsonrpc.notification("delta", DeltaParams(chat_id, item_id, offset, text))
