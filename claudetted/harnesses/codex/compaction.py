"""Owns summaries of the conversation: asked for by a person, or made by Codex in a turn."""

from claudetted.harnesses.codex.exchange import Exchange
from claudetted.harnesses.codex.usage import Meter
from claudetted.protocol import sidecar as sc
from claudetted.protocol.sidecar import Trigger


class Compaction:
    """`request` is the open one of a person's; a summary that Codex makes by itself has none."""

    def __init__(self, exchange: Exchange, meter: Meter) -> None:
        self._exchange = exchange
        self._meter = meter
        self.request: int | None = None
        self._trigger: Trigger | None = None
        self._made = False
        self._began_at = 0.0
        self._before: int | None = None

    def begin(self, request: int, now: float) -> None:
        self.request = request
        self._start("manual", now)

    def started(self, now: float) -> None:
        if self._trigger is None:
            self._start("threshold", now)

    def completed(self, now: float) -> None:
        """One that was asked for has a turn of its own, and is over with that."""
        self._made = True
        if self.request is None:
            self._end(now, ok=True)

    def turn_ended(self, now: float, error: str) -> None:
        """Without a word of a summary there was none."""
        if self._made:
            self._end(now, ok=True)
        elif self._trigger:
            self._end(now, ok=False, error=error or "There was nothing to compact.")

    def refused(self, error: str, now: float) -> None:
        self.turn_ended(now, error)

    def _start(self, trigger: Trigger, now: float) -> None:
        self._trigger, self._began_at, self._made = trigger, now, False
        self._before = self._meter.context.used
        self._exchange.say(sc.CompactionStart(trigger))

    def _end(self, now: float, *, ok: bool, error: str = "") -> None:
        if self._trigger is None:
            return
        after = self._meter.context.used if ok else None
        known = after if after != self._before else None
        took = int((now - self._began_at) * 1000)
        usage = self._meter.used() if self.request is not None else None
        end = sc.CompactionEnd(self._trigger, ok, self._before, known, took, error, usage)
        self._exchange.say(end)
        self._trigger, self._made = None, False
        request, self.request = self.request, None
        if request is not None and ok:
            self._exchange.reply(request)
        elif request is not None:
            self._exchange.refuse(request, "NothingToCompact", error)
