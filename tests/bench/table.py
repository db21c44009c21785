"""Owns what a benchmark tells: rows of ratios, and the table they are printed in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One thing that was measured, and what it was measured beside in the same run."""

    what: str
    ours: str
    beside: str
    ratio: float
    aim: float | None = None
    unit: str = "x"


HEADINGS = ("what", "ours", "beside", "ratio", "aim", "")


Measure = Callable[[], dict[str, float]]


def interleaved(rounds: int, cases: Mapping[str, Measure]) -> dict[str, dict[str, float]]:
    """Runs the cases in turn, A B C A B C, and gives the median of every figure of each."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, measure in cases.items():
            found[name].append(measure())
    return {name: medians(figures) for name, figures in found.items()}


def medians(figures: Sequence[dict[str, float]]) -> dict[str, float]:
    return {key: median(one[key] for one in figures) for key in figures[0]}


def percentile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def rendered(rows: Iterable[Row]) -> str:
    """The table as Markdown that lines up."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    lines = [cells[0], rule, *cells[1:]]
    return "".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |\n"
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    aim = "" if row.aim is None else f"<= {row.aim:g} {row.unit}"
    verdict = "over" if row.aim is not None and row.ratio > row.aim else ""
    return (row.what, row.ours, row.beside, f"{row.ratio:.2f} {row.unit}", aim, verdict)
