"""Owns cutting a byte stream into lines: at `\\n` bytes only, with a limit on their length."""

from typing import NamedTuple

REQUEST_LIMIT = 16 * 1024 * 1024
"""Bytes of the longest request line a client may send."""


class TooLong(NamedTuple):
    """Stands where a line over the limit was; its bytes are gone, the stream goes on."""

    limit: int


class LineSplitter:
    """Cuts chunks into lines, without their `\\n`. Other separators are part of the line."""

    def __init__(self, limit: int = REQUEST_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._skipping = False

    def feed(self, chunk: bytes) -> list[bytes | TooLong]:
        """Every line that `chunk` completes, in order."""
        found: list[bytes | TooLong] = []
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            found.extend(self._complete(chunk[start:end]))
            start = end + 1
        self._keep(chunk[start:])
        return found

    def end(self) -> list[bytes | TooLong]:
        """The last line, when the stream ended without its `\n`."""
        return self._complete(b"") if self._buffer or self._skipping else []

    @property
    def pending(self) -> int:
        """Bytes of the unfinished line."""
        return len(self._buffer)

    def _complete(self, last_piece: bytes) -> list[bytes | TooLong]:
        skipped = self._skipping or len(self._buffer) + len(last_piece) > self._limit
        line: bytes | TooLong = (
            TooLong(self._limit) if skipped else bytes(self._buffer) + last_piece
        )
        self._buffer.clear()
        self._skipping = False
        return [line]

    def _keep(self, rest: bytes) -> None:
        if self._skipping:
            return
        if len(self._buffer) + len(rest) > self._limit:
            self._skipping = True
            self._buffer.clear()
        else:
            self._buffer += rest


class Tail:
    """Holds back the unfinished line of a stream read in large chunks.

    Unlike `LineSplitter` it hands on all complete lines in one piece, for one decode.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    @property
    def pending(self) -> int:
        return len(self._rest)

    def copy(self) -> "Tail":
        twin = Tail()
        twin._rest = bytearray(self._rest)
        return twin

    def feed(self, chunk: bytes) -> bytes:
        """The complete lines so far, each with its `\\n`; searches the new bytes only."""
        end = chunk.rfind(b"\n") + 1
        if not end:
            self._rest += chunk
            return b""
        complete = bytes(self._rest) + chunk[:end] if self._rest else chunk[:end]
        self._rest = bytearray(chunk[end:])
        return complete
