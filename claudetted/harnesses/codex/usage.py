"""Owns what turns have used: Codex counts per thread and from its beginning, we per turn."""

from claudetted.harnesses.codex.vendor import OfUsage, Spent
from claudetted.protocol import sidecar as sc
from claudetted.protocol.turns import Usage


class Meter:
    def __init__(self) -> None:
        self._totals: dict[str, Spent] = {}
        self._bases: dict[str, Spent] = {}
        self.context = sc.ContextUsed()
        """How full the context of the chat's own thread is."""

    def begin(self) -> None:
        self._bases = dict(self._totals)

    def told(self, told: OfUsage, *, own: bool) -> None:
        usage = told.token_usage
        self._totals[told.thread_id] = usage.total
        if own:
            window = usage.model_context_window
            self.context = sc.ContextUsed(usage.last.total_tokens, window)

    def used(self) -> Usage | None:
        """Since `begin`, by all threads."""
        spent = [self._since(thread, total) for thread, total in self._totals.items()]
        sums = [sum(column) for column in zip(*spent, strict=True)]
        return Usage(*sums) if any(sums) else None

    def _since(self, thread: str, now: Spent) -> tuple[int, int, int, int, int]:
        before = self._bases.get(thread, Spent())
        cached = now.cached_input_tokens - before.cached_input_tokens
        asked = now.input_tokens - before.input_tokens
        return (
            max(0, asked - cached),
            max(0, now.output_tokens - before.output_tokens),
            max(0, cached),
            max(0, now.cache_write_input_tokens - before.cache_write_input_tokens),
            max(0, now.reasoning_output_tokens - before.reasoning_output_tokens),
        )
