"""Owns what a person is told while an agent works: since when, and what it is waiting for. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.client.fold import Fold

    Json = dict[str, Any]

SILENT_SECONDS = 10
"""After which something that grows is said to have stopped growing."""


class Activity:
    """What goes on in a running turn, at the moment of the last change."""

    def __init__(self, fold: Fold, changed: float) -> None:
        """`changed` is when the chat changed last, in seconds of any clock that `line` gets too."""
        self._changed = changed
        turn = fold.turn or {}
        self._began = str(turn.get("startedAt", ""))
        opened = list(fold.open.values())
        tools = [item for item in opened if item["kind"] == "tool"]
        grown = [item for item in fold.items if item.get("turnId") == turn.get("id")]
        self._heard = bool(opened) or any(item["kind"] != "user" for item in grown)
        self._tool = str(tools[-1].get("tool", {}).get("name", "a tool")) if tools else ""
        self._writes = {"message": "writes", "reasoning": "thinks"}.get(
            opened[-1]["kind"] if opened else "", ""
        )

    def line(self, clock: float, now: float) -> str:
        """Such as "1 min 2 s · waits for the first token, 52 s"; `now` is the time of day."""
        quiet = max(0, int(clock - self._changed))
        parts = [_since(self._began, now)] if self._began else []
        if self._tool:
            what = f"runs {self._tool}"
            parts.append(
                f"{what}, no output for {_length(quiet)}" if quiet >= SILENT_SECONDS else what
            )
        elif self._writes:
            stalled = quiet >= SILENT_SECONDS
            parts.append(f"stalled: nothing for {_length(quiet)}" if stalled else self._writes)
        else:
            awaited = "the model" if self._heard else "the first token"
            parts.append(f"waits for {awaited}, {_length(quiet)}")
        return " · ".join(parts)


def _since(began: str, now: float) -> str:
    from datetime import datetime

    return _length(max(0, int(now - datetime.fromisoformat(began).timestamp())))


def _length(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60} s"
