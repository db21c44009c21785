"""Owns which other chats wait for a person, as the feed of all chats tells it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.client.connection import Connection

    Json = dict[str, Any]


class Others:
    """Everything but one chat."""

    def __init__(self, chat_id: str) -> None:
        self._chat_id = chat_id
        self._waiting: set[str] = set()

    @property
    def count(self) -> int:
        return len(self._waiting)

    def begin(self, connection: Connection) -> None:
        """From here on the connection brings the feed."""
        connection.request("event/subscribe", {"all": True})
        self._waiting.clear()
        for chat in connection.request("attention/list", {}).get("chats", []):
            self._put(chat)

    def take(self, params: Json) -> bool:
        """Takes a `feed`; whether another number of chats waits now."""
        before = self.count
        if params.get("chat"):
            self._put(params["chat"])
        elif params.get("subject") == "deleted":
            self._waiting.discard(str(params.get("chatId")))
        return self.count != before

    def _put(self, chat: Json) -> None:
        if chat["id"] == self._chat_id:
            return
        if chat.get("attention") and not chat.get("archivedAt"):
            self._waiting.add(chat["id"])
        else:
            self._waiting.discard(chat["id"])
