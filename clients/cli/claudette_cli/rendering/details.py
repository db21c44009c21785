"""Owns how one chat is described in rows of name and value."""

from __future__ import annotations

from claudette_cli.rendering.figures import meter, spent
from claudette_cli.terminal import exact

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
        ("agent", chat.get("harness", "pi")),
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
    return [(name, exact(value)) for name, value in rows if value]
