"""Owns what an agent says and thinks: at most one open item, its deltas, its close."""

from collections.abc import Iterator
from itertools import count
from typing import Literal

from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

PIECE = 512 * 1024
"""Characters of one delta; the daemon takes no line of several megabytes."""

Kind = Literal["message", "reasoning"]
Status = Literal["done", "failed", "stopped"]


class Names:
    """Names that nothing else in this process has."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers)}"


class Speech:
    def __init__(self, names: Names) -> None:
        self._names = names
        self._item = ""
        self._kind = ""
        self._message: str | None = None

    def say(self, kind: Kind, text: str, message: str | None, model: str) -> Iterator[Line]:
        if not self._item or kind != self._kind or message != self._message:
            yield from self.close()
            self._kind, self._message = kind, message
            self._item = self._names.new(kind[0])
            yield sc.ItemOpen(self._item, kind, model=model)
        for piece in pieces(text):
            yield sc.ItemDelta(self._item, piece)

    def close(self, status: Status = "done") -> Iterator[Line]:
        if self._item:
            yield sc.ItemClose(self._item, status)
            self._item = ""


def pieces(text: str) -> Iterator[str]:
    return (text[at : at + PIECE] for at in range(0, len(text), PIECE))
