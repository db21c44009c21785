"""Owns short forms of numbers and times."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STEPS = ((86400, "d"), (3600, "h"), (60, "min"))


def ago(then: str, now: float) -> str:
    """How long before `now` (seconds since the epoch) a time of the protocol was."""
    from datetime import datetime

    if not then:
        return ""
    seconds = now - datetime.fromisoformat(then).timestamp()
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def duration(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def tokens(count: int) -> str:
    if count < 1000:
        return str(count)
    if count < 1_000_000:
        return f"{count / 1000:.1f}k" if count < 10_000 else f"{count / 1000:.0f}k"
    return f"{count / 1_000_000:.1f}M"


def money(usd: float) -> str:
    return f"${usd:.2f}" if usd >= 1 else f"${usd:.4f}"


def size(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.0f} KiB"
    return f"{count / 1024 / 1024:.1f} MiB"


def meter(context: dict[str, Any]) -> str:
    """How full the context is: `context 50% of 272k`. Empty when nobody knows."""
    used, window = context.get("used"), context.get("window")
    if used is None:
        return f"context ? of {tokens(window)}" if window else ""
    if not window:
        return f"context {tokens(used)}"
    return f"context {round(100 * used / window)}% of {tokens(window)}"


def spent(usage: dict[str, Any]) -> str:
    """Tokens and money: `1.2k in, 56 out, $0.0012`."""
    parts = []
    read = usage.get("input", 0) + usage.get("cacheRead", 0) + usage.get("cacheWrite", 0)
    if read or usage.get("output"):
        parts += [f"{tokens(read)} in", f"{tokens(usage.get('output', 0))} out"]
    if usage.get("costUsd") is not None:
        parts.append(money(usage["costUsd"]))
    return ", ".join(parts)
