"""Owns one share of the lines that are tried, and what came of it."""

import os
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.box import Box
from tests.fuzz.lines import Lines

SHARE = 500
"""So many lines are one task; its seed is the run's and its number."""


@dataclass
class Tally:
    tried: int = 0
    unasked: int = 0
    ended: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        self.tried += other.tried
        self.unasked += other.unasked
        self.ended += other.ended
        self.wrong += other.wrong


def tried(task: tuple[int, int, int]) -> Tally:
    """One share of the lines, in a box of its own."""
    seed, number, count = task
    chance = random.Random(f"{seed} {number}")
    lines, tally = Lines(chance), Tally()
    with tempfile.TemporaryDirectory(prefix="ct-fuzz-") as root:
        box = Box(Path(root))
        for _ in range(count):
            _try(box, lines.next(), chance.random() < 0.2, tally)
        box.close()
    return tally


def _try(box: Box, line: str, dashes: bool, tally: Tally) -> None:
    box.fresh()
    line = box.places_of(line)
    cwd = str(box.work / "d" if dashes else box.work)
    tally.tried += 1
    analysis = box.analysis(line, cwd)
    if analysis is None or "\0" in line:
        return
    tally.unasked += 1
    record = box.run(line, cwd, analysis)
    tally.ended += record.ended
    place = os.path.relpath(cwd, box.work)
    tally.wrong += [f"{line!r} (in {place}): {why}" for why in record.refused[:1]]
