"""Owns short forms of numbers and times."""

from __future__ import annotations

from claudette_cli.terminal.output import line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CELLS = 10
_BANDS = ((90, "critical"), (80, "nearly full"), (60, "filling"))
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
    return f"${usd:.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def size(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.0f} KiB"
    return f"{count / 1024 / 1024:.1f} MiB"


def decimal_size(count: int) -> str:
    """As file managers tell it: `34 kB`."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


def image(about: dict[str, Any]) -> str:
    """One of a message: `[image shot.png 34 kB, 800x600]`."""
    name = f" {line(about['name'])}" if about.get("name") else ""
    sides = f", {about['width']}x{about['height']}" if about.get("width") else ""
    return f"[image{name} {decimal_size(about['bytes'])}{sides}]"


def meter(context: dict[str, Any]) -> str:
    """How full the context is: `context 50% of 272k`. Empty when nobody knows."""
    used, window = context.get("used"), context.get("window")
    if used is None:
        return f"context ? of {tokens(window)}" if window else ""
    if not window:
        return f"context {tokens(used)}"
    word = band(context)
    return f"context {_percent(context)}% of {tokens(window)}" + (f", {word}" if word else "")


def band(context: dict[str, Any]) -> str:
    """The word for a context that fills: from 60, 80 and 90 percent on."""
    percent = _percent(context)
    return next((word for least, word in _BANDS if percent >= least), "")


def gauge(context: dict[str, Any]) -> str:
    """The meter as a bar, which is full at most. Empty when nobody knows."""
    if not context.get("used") or not context.get("window"):
        return ""
    filled = min(_CELLS, max(1, round(_percent(context) * _CELLS / 100)))
    return "▰" * filled + "▱" * (_CELLS - filled)


def _percent(context: dict[str, Any]) -> int:
    used, window = context.get("used"), context.get("window")
    return round(100 * used / window) if used and window else 0


def cost(usage: dict[str, Any]) -> str:
    """Money as the provider told it; with ≈ where a price list did. Empty when nobody knows."""
    if usage.get("costUsd") is None:
        return ""
    about = "" if usage.get("costSource") == "provider" else "≈ "
    return about + money(usage["costUsd"])


def left(balance: dict[str, Any]) -> str:
    """What is left at OpenRouter in a few words, or what was used where there is no limit."""
    if balance.get("exhausted"):
        return "OpenRouter exhausted"
    if balance.get("remainingUsd") is None:
        return f"OpenRouter {money(balance['usedUsd'])} used"
    return f"OpenRouter {money(balance['remainingUsd'])} left"


def spent(usage: dict[str, Any]) -> str:
    """Tokens and money: `1.2k in, 56 out, ≈ $0.0012`."""
    parts = []
    read = usage.get("input", 0) + usage.get("cacheRead", 0) + usage.get("cacheWrite", 0)
    if read or usage.get("output"):
        parts += [f"{tokens(read)} in", f"{tokens(usage.get('output', 0))} out"]
    return ", ".join([*parts, *filter(None, [cost(usage)])])
