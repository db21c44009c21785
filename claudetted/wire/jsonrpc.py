"""Owns JSON-RPC 2.0 frames as bytes: replies, errors and notifications, one a line."""

from collections.abc import Iterable
from typing import Any

import msgspec

from claudetted.protocol.errors import Fault

Id = str | int | float | None
"""What a client may number its requests with."""

_encoder = msgspec.json.Encoder()


def result(request_id: Id, value: Any) -> bytes:
    """A reply with the value a method returned."""
    return _encoder.encode({"jsonrpc": "2.0", "id": request_id, "result": value}) + b"\n"


def error(request_id: Id, fault: Fault) -> bytes:
    """A reply with a declared fault."""
    return _encoder.encode({"jsonrpc": "2.0", "id": request_id, "error": fault.to_wire()}) + b"\n"


def encoded(value: Any) -> msgspec.Raw:
    """A value as it will stand in a frame. Raises what msgspec raises for what is no JSON."""
    return msgspec.Raw(_encoder.encode(value))


def replies(frames: Any) -> bytes:
    """A reply, or the list of replies to a batch, already in wire shape."""
    return _encoder.encode(frames) + b"\n"


def notification(method: str, params: Any) -> bytes:
    """Something the daemon tells by itself."""
    return b'{"jsonrpc":"2.0","method":"%s","params":%s}\n' % (
        method.encode(),
        _encoder.encode(params),
    )


def notifications(told: Iterable[tuple[str, Any]]) -> list[bytes]:
    """One for each (method, params), in their order."""
    return [notification(method, params) for method, params in told]
