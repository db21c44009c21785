"""Owns what a person can do in a chat about a message that failed. Pure."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

_STATUS = re.compile(r"\(HTTP (\d{3})\)")
_REFUSED, _UNPAID, _UNKNOWN = ("401", "403"), "402", "404"


def ways_out(error: str, chat: Json) -> str:
    """One line of commands; empty where the error names some itself."""
    if "/retry" in error:
        return ""
    again = "/retry sends it again"
    other = "/model picks another model"
    found = _STATUS.search(error)
    status = found[1] if found else ""
    model = str(chat.get("modelUsed") or chat.get("model") or "")
    provider = model.partition("/")[0] if chat.get("harness", "pi") == "pi" else ""
    if status in _REFUSED and provider:
        return f"/key {provider} stores another key · /login {provider} signs in · {again}"
    if status in (_UNPAID, _UNKNOWN) or "model" in error.lower():
        return f"{other} · {again}"
    return f"{again} · {other}"
