"""Owns reading what a sidecar writes: bytes to lines, long lines joined, offsets kept.

What is no line of ours is told in the log and left out; the lines after it go on.
"""

import logging
from collections.abc import Iterator

import msgspec

from claudetted.protocol import sidecar as sc
from claudetted.sidecar.reports import Output
from claudetted.wire.lines import Tail

logger = logging.getLogger(__name__)

LINE_LIMIT = 4 * 1024 * 1024
"""Bytes. Longer lines come in parts; one that goes on for longer will never end."""

PARTS_LIMIT = 7 * 1024 * 1024
"""Bytes of a line in parts. The keeper holds 8 MiB that are not acknowledged, and waits then."""

_NO_LINE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_decoder: msgspec.json.Decoder[sc.FromSidecar] = msgspec.json.Decoder(sc.FromSidecar)


class LineReader:
    """The position in one sidecar's output.

    `read_to` is what was read, `safe_offset` what need not be read again: an unfinished line and
    the parts of an unfinished long line come again after a restart.
    """

    def __init__(self, offset: int = 0) -> None:
        self.read_to = offset
        self._tail = Tail()
        self._parts: list[str] = []
        self._parts_from = 0

    def copy(self) -> "LineReader":
        """To read ahead with: the original stays for the case that what was read is dropped."""
        twin = LineReader(self.read_to)
        twin._tail = self._tail.copy()
        twin._parts = list(self._parts)
        twin._parts_from = self._parts_from
        return twin

    @property
    def safe_offset(self) -> int:
        return self._parts_from if self._parts else self.read_to - self._tail.pending

    @property
    def is_endless(self) -> bool:
        """Whether the sidecar writes a line that is longer than any may be."""
        unread = self.read_to - self.safe_offset
        return self._tail.pending > LINE_LIMIT or unread > PARTS_LIMIT

    def read(self, output: Output) -> Iterator[sc.FromSidecar]:
        """All lines that this output completes. To be read to its end."""
        start = self.read_to - self._tail.pending
        skip = max(0, self.read_to - output.offset)
        data = output.data[skip:]
        self.read_to += len(data)
        complete = self._tail.feed(data)
        found = _decode(complete)
        if self._parts or sc.Part in set(map(type, found)):
            return self._join_parts(complete, start)
        return _gathered(found)

    def _join_parts(self, complete: bytes, start: int) -> Iterator[sc.FromSidecar]:
        """Line by line, to know where the first part of a long line stands."""
        for raw in complete.split(b"\n")[:-1]:
            line = _decode_one(raw)
            if isinstance(line, sc.Part):
                whole = self._take_part(line, start)
                if whole is not None:
                    yield whole
            elif line is not None:
                self._give_up_parts()
                yield line
            start += len(raw) + 1

    def _take_part(self, part: sc.Part, start: int) -> sc.FromSidecar | None:
        if not self._parts:
            self._parts_from = start
        self._parts.append(part.text)
        if not part.last:
            return None
        whole, self._parts = "".join(self._parts), []
        return _decode_one(whole.encode())

    def _give_up_parts(self) -> None:
        """The parts of a line follow each other: what comes between would be read twice."""
        if self._parts:
            logger.warning("a sidecar did not end a long line")
            self._parts = []


def _gathered(found: list[sc.FromSidecar]) -> Iterator[sc.FromSidecar]:
    """The lines, those deltas as one that follow each other and are of one item.

    Nearly all lines are deltas: what each of them costs is what streaming costs.
    """
    item, texts = "", list[str]()
    for line in found:
        if texts and not (isinstance(line, sc.ItemDelta) and line.item == item):
            yield sc.ItemDelta(item, "".join(texts))
            texts.clear()
        if isinstance(line, sc.ItemDelta):
            item = line.item
            texts.append(line.text)
        else:
            yield line
    if texts:
        yield sc.ItemDelta(item, "".join(texts))


def _decode(complete: bytes) -> list[sc.FromSidecar]:
    """All lines at once; one by one when one of them is not a line of ours."""
    if not complete:
        return []
    try:
        _require_text(complete)
        return _decoder.decode_lines(complete)
    except _NO_LINE:
        return [line for raw in complete.split(b"\n") if (line := _decode_one(raw)) is not None]


def _decode_one(raw: bytes) -> sc.FromSidecar | None:
    if not raw.strip():
        return None
    try:
        _require_text(raw)
        return _decoder.decode(raw)
    except _NO_LINE as error:
        logger.warning("a sidecar wrote something that is no line (%d bytes): %s", len(raw), error)
        return None


def _require_text(data: bytes) -> None:
    """The decoder leaves raw values unread, and clients get them as they are."""
    if not data.isascii():
        data.decode()
