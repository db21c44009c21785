"""Owns the texts of a chat's open items as clients have seen them so far."""

from claudetted.protocol.base import ItemId
from claudetted.protocol.items import INLINE_BYTES


def utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def cut(data: bytes, limit: int = INLINE_BYTES) -> str:
    """The beginning of UTF-8 text, at most `limit` bytes and never half a character."""
    return data[:limit].decode(errors="ignore")


def cut_lines(data: bytes, limit: int = INLINE_BYTES) -> str:
    """The beginning of UTF-8 text up to the end of a line, at most `limit` bytes."""
    return data[: data.rfind(b"\n", 0, limit) + 1].decode()


class Text:
    """A growing text. `saved` counts the bytes that are on disk."""

    def __init__(self, stored: bytes = b"") -> None:
        self._pieces: list[bytes] = [stored] if stored else []
        self.length = len(stored)
        self.saved = len(stored)

    def append(self, data: bytes) -> None:
        self._pieces.append(data)
        self.length += len(data)

    def whole(self) -> bytes:
        if len(self._pieces) > 1:
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0] if self._pieces else b""

    def after(self, offset: int) -> bytes:
        return self.whole()[offset:]


class Texts:
    """The texts of open items by id. Only what was published is in here."""

    def __init__(self, stored: list[tuple[str, bytes]]) -> None:
        self._texts = {ItemId(item): Text(data) for item, data in stored}

    def get(self, item: ItemId) -> Text:
        """The text of an open item; empty for one without deltas yet."""
        return self._texts.get(item) or Text()

    def append(self, item: ItemId, data: bytes) -> None:
        self._texts.setdefault(item, Text()).append(data)

    def drop(self, item: ItemId) -> None:
        self._texts.pop(item, None)

    def unsaved(self) -> list[tuple[ItemId, int, bytes]]:
        """(item, offset, data) of what is not on disk yet."""
        return [
            (item, text.saved, text.after(text.saved))
            for item, text in self._texts.items()
            if text.length > text.saved
        ]

    def mark_saved(self, pieces: list[tuple[str, int, bytes]]) -> None:
        for item, offset, data in pieces:
            if text := self._texts.get(ItemId(item)):
                text.saved = offset + len(data)

    @property
    def unsaved_bytes(self) -> int:
        return sum(text.length - text.saved for text in self._texts.values())
