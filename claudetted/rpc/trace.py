"""Owns the trace: every line that clients and the daemon send each other, in a file, on request.

It is for authors of clients. Secrets, environments and answers to questions are taken out;
conversations are not. Lines are written as they pass, so a daemon that traces is slower.
"""

import itertools
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, Self

import trio

from claudetted.wire.lines import LineSplitter, TooLong
from claudetted.wire.redaction import redact_line

VARIABLE = "CLAUDETTED_TRACE"

Direction = Literal["in", "out"]


class Trace:
    """An open file. One JSON object a line: at, connection, direction, message."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._connections = itertools.count(1)

    @classmethod
    def wanted_by(cls, env: Mapping[str, str]) -> Self | None:
        """None unless the variable names a file. Raises OSError when that cannot be written."""
        path = env.get(VARIABLE)
        return cls(Path(path)) if path else None

    def of(self, stream: trio.abc.Stream) -> "TracedStream":
        """The stream of the next connection."""
        return TracedStream(stream, self, next(self._connections))

    def note(self, connection: int, direction: Direction, line: bytes) -> None:
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="microseconds"),
            "connection": connection,
            "direction": direction,
            "message": redact_line(line),
        }
        os.write(self._descriptor, json.dumps(entry).encode() + b"\n")


class TracedStream(trio.abc.Stream):
    """Passes everything on, and notes the lines in both directions."""

    def __init__(self, stream: trio.abc.Stream, trace: Trace, connection: int) -> None:
        self._stream = stream
        self._note = partial(trace.note, connection)
        self._received = LineSplitter()
        self._sent = LineSplitter()

    @property
    def socket(self) -> "trio.socket.SocketType | None":
        """Of the stream, if it has one."""
        return getattr(self._stream, "socket", None)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        chunk = await self._stream.receive_some(max_bytes)
        self._take("in", self._received, bytes(chunk))
        return chunk

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._take("out", self._sent, bytes(data))
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()

    def _take(self, direction: Direction, splitter: LineSplitter, data: bytes) -> None:
        for line in splitter.feed(data):
            text = b"a line that is too long" if isinstance(line, TooLong) else line
            self._note(direction, text)
