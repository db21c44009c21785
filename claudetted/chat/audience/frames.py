"""Owns the bytes a chat publishes: each event and delta is encoded once for all clients."""

import msgspec

from claudetted.protocol.base import ChatId, Data, ItemId
from claudetted.protocol.events import DeltaParams
from claudetted.wire import jsonrpc


class _StoredEvent(Data, frozen=True):
    """`EventParams` around an event that is bytes already."""

    chat_id: ChatId
    seq: int
    at: str
    event: msgspec.Raw


def event_frame(chat_id: ChatId, seq: int, at: str, body: bytes) -> bytes:
    stored = _StoredEvent(chat_id, seq, at, msgspec.Raw(body))
    return jsonrpc.notification("event", stored)


def delta_frame(chat_id: ChatId, item_id: ItemId, offset: int, text: str) -> bytes:
    return jsonrpc.notification("delta", DeltaParams(chat_id, item_id, offset, text))
