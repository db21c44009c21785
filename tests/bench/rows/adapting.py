"""Owns the rows of adapters: what one costs beside the vendor's program that it drives."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from claudetted.protocol import sidecar as sc
from tests.bench.agents import Agent, installed
from tests.bench.processes import cpu, memory
from tests.bench.table import Row, interleaved
from tests.contract.driver import Sidecar

MOST_MEGABYTES = 16
LATER_MS = 150


def rows(quick: bool) -> Iterator[Row]:
    """Of the agents that are installed: `make agents`."""
    pieces, rounds = (500, 1) if quick else (20_000, 7)
    with tempfile.TemporaryDirectory() as root, ExitStack() as stack:
        for name, agent in installed(stack, Path(root)):
            yield from _rows(name, agent, pieces, rounds, Path(root) / "begun" / name)


def _rows(name: str, agent: Agent, pieces: int, rounds: int, place: Path) -> Iterator[Row]:
    """Each round in processes of its own, without a session before; the first goes on."""
    numbers = count()
    rows: list[Row] = []

    def ours() -> dict[str, float]:
        with agent.answering(place / str(next(numbers))) as (sidecar, seconds):
            if not rows:
                rows.extend(_measured(name, sidecar, pieces))
        return {"ms": seconds * 1000}

    theirs = {"theirs": lambda: {"ms": agent.first_word_by_itself() * 1000}}
    found = interleaved(rounds, {"ours": ours, **theirs})
    yield from rows
    yield _begun(name, found["ours"]["ms"], found["theirs"]["ms"])


def _measured(name: str, sidecar: Sidecar, pieces: int) -> Iterator[Row]:
    sidecar.end()
    adapter = sidecar.next(sc.Hello).pid
    [vendor] = _children(adapter)
    before = cpu(adapter), cpu(vendor)
    sidecar.turn(f"@many {pieces}", "T2")
    ours, theirs = cpu(adapter) - before[0], cpu(vendor) - before[1]
    words = f"adapter of {name}: CPU a piece of text, {pieces} of them"
    yield Row(words, _each(ours, pieces), _each(theirs, pieces), ours / theirs, 0.1)
    held, beside = memory(adapter), memory(vendor)
    words = f"adapter of {name}: memory, beside the program's"
    yield Row(words, f"{held:.1f} MB", f"{beside:.0f} MB", held, MOST_MEGABYTES, "MB")


def _begun(name: str, ours: float, theirs: float) -> Row:
    words = f"{name}: from its start to the first word, later than its own command"
    return Row(words, f"{ours:.0f} ms", f"{theirs:.0f} ms", ours - theirs, LATER_MS, "ms")


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _each(seconds: float, pieces: int) -> str:
    return f"{seconds / pieces * 1e6:.1f} us"
