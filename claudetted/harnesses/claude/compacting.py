"""Owns compactions, asked for by a person or begun by Claude Code: both ends of each are told."""

from collections.abc import Iterator

import msgspec

from claudetted.harnesses.claude.frames import CompactMetadata, Frame
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line
from claudetted.protocol.turns import Usage


class Compacting(msgspec.Struct):
    asked: int | None = None
    """The request of a person that is under way."""
    aborts: list[int] = []
    _open: bool = False
    _found: CompactMetadata | None = None

    def ask(self, number: int) -> Iterator[Line]:
        self.asked, self._open, self._found = number, True, None
        yield sc.CompactionStart("manual")

    def status(self, frame: Frame) -> Iterator[Line]:
        """Only what it begins by itself is begun and ended here."""
        if self.asked is not None:
            return
        if frame.status == "compacting" and not self._open:
            self._open, self._found = True, None
            yield sc.CompactionStart("threshold")
        elif self._open and frame.compact_result and frame.compact_result != "success":
            yield from self.end(ok=False, error=frame.compact_error or "It could not be done.")

    def boundary(self, found: CompactMetadata) -> Iterator[Line]:
        self._found = found
        if self.asked is None and self._open:
            yield from self.end(ok=True)

    def result(self, frame: Frame, usage: Usage) -> Iterator[Line]:
        """The end of one that was asked for."""
        number, aborts = self.asked, self.aborts
        assert number is not None
        if self._found:
            yield from self.end(ok=True, usage=usage)
            yield sc.Reply(number)
        else:
            error = _why_not(frame, bool(aborts))
            yield from self.end(ok=False, error=error.message, usage=usage)
            yield sc.Reply(number, error)
        self.aborts = []
        for abort in aborts:
            yield sc.Reply(abort)

    def end(self, *, ok: bool, error: str = "", usage: Usage | None = None) -> Iterator[Line]:
        if not self._open:
            return
        found = self._found or CompactMetadata()
        yield sc.CompactionEnd(
            "manual" if self.asked is not None else "threshold",
            ok,
            found.pre_tokens,
            found.post_tokens,
            int(found.duration_ms or 0),
            error,
            usage if self.asked is not None else None,
        )
        self.asked, self._open, self._found = None, False, None


def _why_not(frame: Frame, stopped: bool) -> sc.LineError:
    if stopped:
        return sc.LineError("HarnessFailed", "The compaction was stopped.")
    told = (frame.result or "; ".join(frame.errors)).strip()
    if not told or "not enough messages" in told.lower():
        return sc.LineError("NothingToCompact", "There is nothing to compact yet.")
    return sc.LineError("HarnessFailed", f"Claude Code could not compact: {told}")
