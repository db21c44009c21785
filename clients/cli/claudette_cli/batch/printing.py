"""Owns what a batch prints: a row or a JSON line for each entry as it ends, and the sum of all."""

from __future__ import annotations

import os
from collections import Counter

from claudette_cli.batch.running import BEFORE, LEFT, RUNS
from claudette_cli.rendering.figures import duration
from claudette_cli.terminal.output import clip, columns, cut_before, harmless, line, output, padded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.batch.running import Job

    Json = dict[str, Any]

_OUTCOME = 11
_STYLES = {"done": "green", BEFORE: "dim", "asks": "yellow", "stopped": "yellow", LEFT: "yellow"}


class Lines:
    """For scripts."""

    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs

    def told(self, job: Job) -> None:
        """An entry begins, is over, or was over before."""
        if job.outcome != RUNS:
            output().json(wire(job))

    def end(self) -> None:
        for job in self._jobs:
            if job.outcome == LEFT:
                self.told(job)


class Rows:
    """For a person: on a terminal with a last line that says how far it is."""

    def __init__(self, jobs: list[Job]) -> None:
        # Imported here: it brings rich, which JSON lines do without.
        from claudette_cli.rendering.stage import Stage

        self._jobs = jobs
        self._out = output()
        self._stage = Stage(self._out)

    def told(self, job: Job) -> None:
        """An entry begins, is over, or was over before."""
        final = [] if job.outcome == RUNS else self._rows(job)
        self._stage.show(final, [self._sum(RUNS)] if self._stage.height else [])

    def end(self) -> None:
        left = [row for job in self._jobs if job.outcome == LEFT for row in self._rows(job)]
        self._stage.show([*left, self._sum("")], [])

    def _sum(self, now: str) -> str:
        """`12 entries: 7 done, 2 failed`; what is `now` comes first."""
        counted = Counter(job.outcome for job in self._jobs)
        parts = [f"{counted.pop(now)} {now}"] if now in counted else []
        parts += [f"{count} {outcome}" for outcome, count in sorted(counted.items())]
        return f"{len(self._jobs)} entries: {', '.join(parts)}"

    def _rows(self, job: Job) -> list[str]:
        return rows(job, self._out.room(1), self._out.paint)


def rows(job: Job, width: int, paint: Any) -> list[str]:
    """The row of an entry, and what went wrong below it. Pure."""
    outcome = paint(padded(job.outcome, _OUTCOME), _STYLES.get(job.outcome, "red"))
    took = duration(int(job.seconds * 1000)) if job.seconds else ""
    room = width - (4 + _OUTCOME + 1 + 12 + 2 + 12 + 2)
    place = cut_before(line(os.path.basename(job.entry.cwd) or "/"), max(8, room // 3))
    about = clip(job.entry.prompt, max(8, room - columns(place) - 2))
    row = f"{job.entry.number:>3} {outcome} {job.chat_id:<12}  {took:<12}  {place}  {about}"
    return [row, *(f"    {paint(part, 'dim')}" for part in harmless(job.why).splitlines())]


def wire(job: Job) -> Json:
    """The entry for scripts; `text` is the answer, `turn` as in the protocol. Pure."""
    return {
        "entry": job.entry.number,
        "cwd": job.entry.cwd,
        "outcome": job.outcome,
        "code": job.code,
        "chatId": job.chat_id or None,
        "seconds": round(job.seconds, 3),
        "turn": job.turn or None,
        "text": job.text,
        "why": job.why,
    }
