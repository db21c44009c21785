"""Owns how one chat is described in rows of name and value."""

from __future__ import annotations

from claudette_cli.rendering.figures import meter, spent
from claudette_cli.terminal.output import line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def details(chat: dict[str, Any]) -> list[tuple[str, str]]:
    """What there is to know about a chat; what is empty is left out."""
    status = chat.get("status", {})
    why = status.get("why", "")
    rows = [
        ("id", chat["id"]),
        ("title", chat.get("title", "")),
        ("status", status.get("name", "idle") + (f": {why}" if why else "")),
        ("attention", ", ".join(chat.get("attention", []))),
        ("directory", chat["cwd"]),
        ("workspace", chat["workspace"] if chat["workspace"] != chat["cwd"] else ""),
        ("agent", chat["harness"]),
        ("it cannot", _lacking(chat.get("capabilities", {}))),
        ("model", chat.get("modelUsed") or chat.get("model") or ""),
        ("backend", chat.get("backend", "")),
        ("level", chat.get("level", "standard")),
        ("thinking", chat.get("thinking") or ""),
        ("context", meter(chat.get("context", {})).removeprefix("context ")),
        ("spent", spent(chat.get("totals", {}))),
        ("queued", str(chat.get("queueLength", 0) or "")),
        ("permissions", str(chat.get("openPermissions", 0) or "")),
        ("created", chat.get("createdAt", "")),
        ("last used", chat.get("updatedAt", "")),
        ("archived", chat.get("archivedAt", "")),
    ]
    return [(name, line(value)) for name, value in rows if value]


_LACKING = {
    "steer": "take a message in mid-turn",
    "compact": "summarise on request",
    "thinking": "set its effort",
    "models": "change its model",
    "asks": "ask before it acts",
}


def _lacking(capabilities: dict[str, Any]) -> str:
    """What the agent of a chat cannot do, as far as a person would try it."""
    return ", ".join(what for name, what in _LACKING.items() if capabilities.get(name) is False)
