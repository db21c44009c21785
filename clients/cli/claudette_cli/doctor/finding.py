"""Owns one finding of the doctor: what was looked at, how it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

OK, NOTE, PROBLEM = "ok", "note", "problem"


@dataclass(frozen=True)
class Finding:
    """`advice` is what a person can do. `repair` does it, where that is harmless to do unasked,
    and raises Failure or OSError."""

    name: str
    state: str
    said: str
    advice: str = ""
    repair: Callable[[], object] | None = None
