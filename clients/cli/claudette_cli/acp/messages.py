"""Owns the messages between editor and bridge as bytes: JSON-RPC 2.0, one object a line."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL = -32603
NOT_FOUND = -32002

LONGEST_LINE = 64 << 20
"""Bytes. What is longer is refused unread, so that it fills no memory."""


class Fault(Exception):
    """Answers a request with an error."""

    def __init__(self, code: int, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def result(request_id: Any, value: Json) -> Json:
    return {"jsonrpc": "2.0", "id": request_id, "result": value}


def error(request_id: Any, fault: Fault) -> Json:
    told: Json = {"code": fault.code, "message": fault.message}
    if fault.data is not None:
        told["data"] = fault.data
    return {"jsonrpc": "2.0", "id": request_id, "error": told}


def request(request_id: int, method: str, params: Json) -> Json:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def notification(method: str, params: Json) -> Json:
    return {"jsonrpc": "2.0", "method": method, "params": params}


def encode(message: Json) -> bytes:
    # Lone surrogates, which JSON can escape, are no UTF-8.
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(
        errors="replace"
    ) + (b"\n")


def decode(line: bytes) -> Json:
    """Raises Fault for what is no message."""
    if len(line) > LONGEST_LINE:
        raise Fault(INVALID_REQUEST, f"A message may have {LONGEST_LINE >> 20} MiB.")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise Fault(PARSE_ERROR, "The line is not JSON.") from None
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Fault(INVALID_REQUEST, "The line is not one JSON-RPC 2.0 message.")
    return message


class Lines:
    """Bytes that arrive in pieces, as lines. Of a line that is too long only its length is kept."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._held = 0

    def take(self, piece: bytes) -> list[bytes]:
        """The lines that are complete now, without their newlines; empty ones are left out."""
        *ends, rest = piece.split(b"\n")
        lines = []
        for end in ends:
            self._keep(end)
            lines.append(b"".join(self._pieces))
            self._pieces, self._held = [], 0
        self._keep(rest)
        return [line for line in lines if line.strip()]

    def rest(self) -> list[bytes]:
        """The last line, when it came without a newline."""
        return self.take(b"\n")

    def _keep(self, piece: bytes) -> None:
        # One piece more than may be: the line is then too long by its length.
        if piece and self._held <= LONGEST_LINE:
            self._pieces.append(piece)
            self._held += len(piece)
