"""Owns reading what an event had no room for: the whole of a cut text, the whole of a history."""

from __future__ import annotations

from claudette_cli.client.daemon import Daemon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

_PIECE = 256 * 1024
_PAGE = 200


def whole_text(daemon: Daemon, chat_id: str, item: Json) -> str:
    """The item's text, read on where it was cut."""
    text = str(item.get("text", ""))
    total = item.get("textBytes", 0)
    if total <= len(text.encode()):
        return text
    pieces = [text.encode()]
    held = len(pieces[0])
    while held < total:
        params = {"chatId": chat_id, "itemId": item["id"], "offset": held, "limit": _PIECE}
        piece = daemon.call("item/get", params).get("text", "").encode()
        if not piece:
            break
        pieces.append(piece)
        held += len(piece)
    return b"".join(pieces).decode(errors="replace")


def whole_request(daemon: Daemon, permission: Json) -> Json:
    """The permission with its diff and arguments read on where they were cut, marked as such.

    What even the daemon does not keep stays cut, and says so.
    """
    request = dict(permission["request"])
    for field in ("diff", "input"):
        if not request.get(f"{field}Bytes"):
            continue
        text, total = _whole_field(daemon, permission["id"], field)
        request[field] = text
        if len(text.encode()) >= total:
            del request[f"{field}Bytes"]
    return permission | {"request": request, "seenWhole": True}


def _whole_field(daemon: Daemon, permission_id: str, field: str) -> tuple[str, int]:
    pieces: list[bytes] = []
    held = 0
    while True:
        params = {"permissionId": permission_id, "field": field, "offset": held, "limit": _PIECE}
        got = daemon.call("permission/get", params)
        piece = got.get("text", "").encode()
        pieces.append(piece)
        held += len(piece)
        if not piece or held >= got["available"]:
            return b"".join(pieces).decode(errors="replace"), got["total"]


def history(daemon: Daemon, chat_id: str, limit: int | None, *, hidden: bool = False) -> list[Json]:
    """The last `limit` items in order, or all of them."""
    items: list[Json] = []
    params: Json = {"chatId": chat_id, "hidden": hidden}
    while limit is None or len(items) < limit:
        params["limit"] = _PAGE if limit is None else min(_PAGE, limit - len(items))
        page = daemon.call("chat/history", params)
        items[:0] = page.get("items", [])
        if not page.get("cursor"):
            break
        params["cursor"] = page["cursor"]
    return items
