"""Owns how far a sidecar's output was heard: bytes to lines, long lines joined, offsets kept."""

import logging
from collections.abc import Iterator

import msgspec

from claudetted.chat import lines, losses
from claudetted.chat.step import Step
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


class Hearing:
    """The position in one sidecar's output.

    `read_to` is what was read, `safe_offset` what need not be read again: an unfinished line and
    the parts of an unfinished long line come again after a restart.
    """

    def __init__(self, offset: int) -> None:
        self.read_to = offset
        self._tail = Tail()
        self._parts: list[str] = []
        self._parts_from = 0

    def copy(self) -> "Hearing":
        """To plan with: the original stays for the case that the plan is dropped."""
        twin = Hearing(self.read_to)
        twin._tail = self._tail.copy()
        twin._parts = list(self._parts)
        twin._parts_from = self._parts_from
        return twin

    @property
    def safe_offset(self) -> int:
        return self._parts_from if self._parts else self.read_to - self._tail.pending

    def hear(self, output: Output, step: Step) -> None:
        """Plans what all lines do that this output completes."""
        start = self.read_to - self._tail.pending
        skip = max(0, self.read_to - output.offset)
        data = output.data[skip:]
        self.read_to += len(data)
        complete = self._tail.feed(data)
        found = _decode(complete)
        if self._parts or sc.Part in set(map(type, found)):
            self._hear_each(complete, start, step)
        else:
            for line in _gathered(found):
                _hear_one(line, step)
        if self._is_endless() and step.agent.stage != "ending":
            message = "The agent's process wrote a line that does not end; it was ended."
            losses.unusable(step, sc.LineError("HarnessFailed", message))

    def _is_endless(self) -> bool:
        unheard = self.read_to - self.safe_offset
        return self._tail.pending > LINE_LIMIT or unheard > PARTS_LIMIT

    def _hear_each(self, complete: bytes, start: int, step: Step) -> None:
        """Line by line, to know where the first part of a long line stands."""
        for raw in complete.split(b"\n")[:-1]:
            line = _decode_one(raw)
            if isinstance(line, sc.Part):
                self._take_part(line, start, step)
            elif line is not None:
                self._give_up_parts(step)
                _hear_one(line, step)
            start += len(raw) + 1

    def _take_part(self, part: sc.Part, start: int, step: Step) -> None:
        if not self._parts:
            self._parts_from = start
        self._parts.append(part.text)
        if part.last:
            whole, self._parts = "".join(self._parts), []
            line = _decode_one(whole.encode())
            if line is not None:
                _hear_one(line, step)

    def _give_up_parts(self, step: Step) -> None:
        """The parts of a line follow each other: what comes between would be heard twice."""
        if self._parts:
            logger.warning("sidecar %s did not end a long line", step.agent.sidecar_id)
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


def _hear_one(line: sc.FromSidecar, step: Step) -> None:
    try:
        lines.hear(line, step)
    except lines.Breach as breach:
        logger.warning("sidecar %s broke its protocol: %s", step.agent.sidecar_id, breach)


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
