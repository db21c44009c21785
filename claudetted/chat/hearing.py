"""Owns how far a sidecar's output was heard: bytes to lines, long lines joined, offsets kept."""

import logging

import msgspec

from claudetted.chat import lines, losses
from claudetted.chat.step import Step
from claudetted.protocol import sidecar as sc
from claudetted.sidecar.reports import Output
from claudetted.wire.lines import Tail

logger = logging.getLogger(__name__)

LINE_LIMIT = 4 * 1024 * 1024
"""Bytes. Longer lines come in parts; one that goes on for longer will never end."""

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
        start = self.safe_offset if not self._parts else self.read_to - self._tail.pending
        skip = max(0, self.read_to - output.offset)
        data = output.data[skip:]
        self.read_to += len(data)
        complete = self._tail.feed(data)
        for line in _decode(complete):
            self._take(line, step, start)
        if self._tail.pending > LINE_LIMIT and step.agent.stage != "ending":
            message = "The agent's process wrote a line that does not end; it was ended."
            losses.unusable(step, sc.LineError("HarnessFailed", message))

    def _take(self, line: sc.FromSidecar, step: Step, start: int) -> None:
        if isinstance(line, sc.Part):
            if not self._parts:
                self._parts_from = start
            self._parts.append(line.text)
            if not line.last:
                return
            whole, self._parts = "".join(self._parts), []
            for joined in _decode(whole.encode() + b"\n"):
                _hear_one(joined, step)
        else:
            _hear_one(line, step)


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
        return _decoder.decode_lines(complete)
    except msgspec.MsgspecError:
        return [line for raw in complete.split(b"\n") if (line := _decode_one(raw))]


def _decode_one(raw: bytes) -> sc.FromSidecar | None:
    if not raw.strip():
        return None
    try:
        return _decoder.decode(raw)
    except msgspec.MsgspecError as error:
        logger.warning("a sidecar wrote something that is no line (%d bytes): %s", len(raw), error)
        return None
