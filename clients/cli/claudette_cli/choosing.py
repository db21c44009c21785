"""Owns which chat, permission or question a person means by an id, or the beginning of one."""

from __future__ import annotations

import os

from claudette_cli.calling import Daemon
from claudette_cli.exits import NOT_FOUND, Failure, Refused
from claudette_cli.terminal import clip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

ID_LENGTH = 12
_PAGE = 200


def chat_id(daemon: Daemon, wanted: str) -> str:
    """The one chat whose id begins so. A whole id is taken without asking."""
    if len(wanted) == ID_LENGTH:
        return wanted
    found = list(begun_by(daemon, wanted))
    if not wanted or not found:
        raise Failure(f"No chat's id begins with {wanted!r}; see: claudette ls --all", NOT_FOUND)
    if len(found) > 1:
        rows = "".join(f"\n  {chat['id']}  {clip(chat.get('title', ''), 50)}" for chat in found)
        raise Failure(f"Several chats' ids begin with {wanted!r}, say more of it:{rows}", NOT_FOUND)
    return str(found[0]["id"])


def chat_or_here(daemon: Daemon, wanted: str | None) -> str:
    """The chat that is meant; without an id the one `claudette` would sit in here."""
    if wanted is not None:
        return chat_id(daemon, wanted)
    here = chat_in(daemon, os.getcwd())
    if here is None:
        raise Failure("No chat works in this directory; see: claudette ls", NOT_FOUND)
    return here


def begun_by(daemon: Daemon, beginning: str) -> Iterator[dict[str, Any]]:
    """The chats whose ids begin so."""
    return (chat for chat in every_chat(daemon) if chat["id"].startswith(beginning))


def permission(daemon: Daemon, wanted: str) -> dict[str, Any]:
    """The open permission whose id begins so, or the only one of the chat that is meant."""
    waiting = daemon.call("permission/list", {}).get("permissions", [])
    found = [asked for asked in waiting if asked["id"].startswith(wanted)]
    if not found:
        found = [asked for asked in waiting if asked["chatId"].startswith(wanted)]
    if not found and "." in wanted:
        _tell_who_decided(daemon, wanted)
    if not wanted or not found:
        raise Failure(f"Nothing waits for {wanted!r}; see: claudette inbox", NOT_FOUND)
    if len(found) > 1:
        rows = "".join(f"\n  {asked['id']}  {_what(asked)}" for asked in found)
        raise Failure(f"Several requests wait, name one of them:{rows}", NOT_FOUND)
    return dict(found[0])


def _tell_who_decided(daemon: Daemon, permission_id: str) -> None:
    """Fails with who decided what, if this is the whole id of a request that is closed."""
    try:
        daemon.call("permission/explain", {"permissionId": permission_id})
    except Refused as refused:
        if refused.name != "PermissionNotFound":
            raise


def question(daemon: Daemon, wanted: str) -> dict[str, Any]:
    """The open question whose id begins so, or the only one of the chat that is meant."""
    asked = daemon.call("question/list", {}).get("questions", [])
    found = [one for one in asked if one["id"] == wanted]
    if not found and wanted:
        found = [one for one in asked if one["id"].startswith(wanted)]
    if not found:
        raise Failure(f"Nothing is asked by {wanted!r}; see: claudette questions", NOT_FOUND)
    if len(found) > 1:
        rows = "".join(f"\n  {one['id']}  {clip(one['title'], 60)}" for one in found)
        raise Failure(f"Several questions are open, name one of them:{rows}", NOT_FOUND)
    return dict(found[0])


def chat_in(daemon: Daemon, directory: str) -> str | None:
    """The chat last used in this directory."""
    for chat in _pages(daemon, archived=False):
        if chat["cwd"] == directory:
            return str(chat["id"])
    return None


def every_chat(daemon: Daemon) -> Iterator[dict[str, Any]]:
    """The last used first, then the archived ones."""
    yield from _pages(daemon, archived=False)
    yield from _pages(daemon, archived=True)


def _pages(daemon: Daemon, *, archived: bool) -> Iterator[dict[str, Any]]:
    params: dict[str, Any] = {"limit": _PAGE, "archived": archived}
    while True:
        page = daemon.call("chat/list", params)
        yield from page.get("chats", [])
        if not page.get("cursor"):
            return
        params["cursor"] = page["cursor"]


def _what(asked: dict[str, Any]) -> str:
    request = asked["request"]
    subject = request.get("command") or " ".join(request.get("paths", []))
    return f"{request['tool']}: {clip(subject, 60)}"
