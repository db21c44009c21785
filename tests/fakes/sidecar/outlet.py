"""Owns the way out of the scripted sidecar: whole lines on stdout, long ones in parts."""

from __future__ import annotations

import os
import threading

from tests.fakes.sidecar import notation

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LINE_BYTES = 1024 * 1024
PART_CHARACTERS = 100_000
"""At most 400 kB of UTF-8, and a little more when it is quoted."""


class Outlet:
    """Writes to a descriptor. Any thread may call it; a line is never torn by another.

    What is about to be written goes into `record` first, and an empty line when it was.
    """

    def __init__(self, descriptor: int, record: str = "") -> None:
        self._descriptor = descriptor
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._record = os.open(record, flags, 0o600) if record else -1
        self._turn = threading.Lock()
        self._names = 0

    def send(self, what: str, **fields: Any) -> None:
        self.write(encode({"type": what, **fields}))

    def send_all(self, lines: list[dict[str, Any]]) -> None:
        """Many lines at once, for speed."""
        self.write(b"".join(encode(line) for line in lines))

    def write(self, data: bytes) -> None:
        with self._turn:
            self._note(data)
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]
            self._note(b"\n")

    def _note(self, data: bytes) -> None:
        if self._record >= 0:
            os.write(self._record, data)

    def last_words(self, data: bytes) -> None:
        """Nothing comes after them: whoever writes from now on waits until the process ends."""
        self._turn.acquire()
        os.write(self._descriptor, data)

    def name(self, prefix: str) -> str:
        """A name that nothing else in this process has."""
        with self._turn:
            self._names += 1
            return f"{prefix}{self._names}"


def encode(line: dict[str, Any]) -> bytes:
    text = notation.dumps(line)
    data = text.encode(errors="replace") + b"\n"
    return data if len(data) <= LINE_BYTES else _parts(text)


def _parts(text: str) -> bytes:
    starts = range(0, len(text), PART_CHARACTERS)
    parts = [{"type": "part", "text": text[at : at + PART_CHARACTERS]} for at in starts]
    parts[-1]["last"] = True  # type: ignore[assignment]
    return b"".join(encode(part) for part in parts)
