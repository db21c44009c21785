"""Owns which chat, permission or question a person means by an id, or the beginning of one."""

from __future__ import annotations

from claudette_cli import directory as place
from claudette_cli.client.daemon import Daemon
from claudette_cli.exits import NOT_FOUND, USAGE, Failure, Refused
from claudette_cli.terminal.output import cut, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

ID_LENGTH = 12
NUMBER_LENGTH = 3
_PAGE = 200


def chat_id(daemon: Daemon, wanted: str) -> str:
    """The one chat with this id, or whose id or title begins so, or which has this number in
    `ls`. A whole id is taken without asking."""
    if len(wanted) == ID_LENGTH and " " not in wanted:
        return wanted
    if is_number(wanted) and (numbered := _numbered(daemon, int(wanted))):
        return numbered
    found = list(begun_by(daemon, wanted)) or list(_titled(daemon, wanted))
    if not wanted or not found:
        raise Failure(
            f"No chat's id or title begins with {wanted!r}; see: claudette ls --all", NOT_FOUND
        )
    if len(found) > 1:
        rows = "".join(
            f"\n  {chat['id']}  {cut(line(chat.get('title', '')), 50)}" for chat in found
        )
        raise Failure(f"Several chats begin with {wanted!r}, say more of it:{rows}", NOT_FOUND)
    return str(found[0]["id"])


def is_number(wanted: str) -> bool:
    """Whether it counts chats, instead of beginning an id."""
    return wanted.isdecimal() and len(wanted) <= NUMBER_LENGTH and wanted[0] != "0"


def _numbered(daemon: Daemon, number: int) -> str:
    """The chat at this place of `ls`, or nothing."""
    for counted, chat in enumerate(used(daemon), 1):
        if counted == number:
            return str(chat["id"])
    return ""


def _titled(daemon: Daemon, beginning: str) -> Iterator[dict[str, Any]]:
    """The chats whose titles begin so; one with just this title is meant alone."""
    wanted = beginning.casefold()
    found = []
    for chat in every_chat(daemon):
        title = chat.get("title", "").casefold()
        if title == wanted:
            yield chat
            return
        if title.startswith(wanted):
            found.append(chat)
    yield from found


def chat_or_here(daemon: Daemon, wanted: str | None) -> str:
    """The chat that is meant; without an id the one `claudette` would sit in here."""
    if wanted is not None:
        return chat_id(daemon, wanted)
    here = chat_in(daemon, place.here())
    if here is None:
        raise Failure("No chat works in this directory; see: claudette ls", NOT_FOUND)
    return here


def begun_by(daemon: Daemon, beginning: str) -> Iterator[dict[str, Any]]:
    """The chats whose ids begin so."""
    return (chat for chat in every_chat(daemon) if chat["id"].startswith(beginning))


def permission(daemon: Daemon, wanted: str | None) -> dict[str, Any]:
    """The open permission whose id begins so, or the only one of the chat that is meant.

    Without an id it is none, also when only one waits: it may not be the one that was seen.
    """
    waiting = daemon.call("permission/list", {}).get("permissions", [])
    if wanted is None:
        raise Failure(_which_waits(waiting), USAGE)
    found = [asked for asked in waiting if asked["id"].startswith(wanted)]
    if not found:
        found = [asked for asked in waiting if asked["chatId"].startswith(wanted)]
    if not found and "." in wanted:
        _tell_who_decided(daemon, wanted)
    if not wanted or not found:
        raise Failure(f"Nothing waits for {wanted!r}; see: claudette inbox", NOT_FOUND)
    if len(found) > 1:
        raise Failure(f"Several requests wait, name one of them:{_rows(found)}", NOT_FOUND)
    return dict(found[0])


def _which_waits(waiting: list[dict[str, Any]]) -> str:
    if not waiting:
        return "Nothing waits for a decision."
    return f"Name the request that you mean:{_rows(waiting)}\nsee them whole: claudette inbox"


def _rows(waiting: list[dict[str, Any]]) -> str:
    return "".join(f"\n  {asked['id']}  {_what(asked)}" for asked in waiting)


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
        rows = "".join(f"\n  {one['id']}  {cut(line(one['title']), 60)}" for one in found)
        raise Failure(f"Several questions are open, name one of them:{rows}", NOT_FOUND)
    return dict(found[0])


def chat_in(daemon: Daemon, directory: str) -> str | None:
    """The chat last used in this directory."""
    for chat in _pages(daemon, archived=False):
        if chat["cwd"] == directory:
            return str(chat["id"])
    return None


def used(daemon: Daemon) -> Iterator[dict[str, Any]]:
    """Those that are not archived, as `ls` has them: the last used first."""
    return _pages(daemon, archived=False)


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
    return f"{request['tool']}: {cut(line(subject), 60)}"
