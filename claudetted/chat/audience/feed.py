"""Owns the feed: what changed about any chat, without its items, or beside the chats."""

from typing import Literal, Protocol

from claudetted.protocol import events as ev
from claudetted.protocol.base import ChatId
from claudetted.protocol.chats import Chat
from claudetted.protocol.logins import Login
from claudetted.wire import jsonrpc

_SILENT = (ev.ItemAdded, ev.ItemOpened, ev.ItemChanged, ev.ItemClosed)
"""Events that leave the chat as its list entry shows it."""


class Listener(Protocol):
    def put(self, frames: bytes, mark: None) -> None: ...


class Follower:
    """One client's subscription to the feed, held back until its reply is written."""

    def __init__(self, feed: "Feed", listener: Listener) -> None:
        self._feed = feed
        self.listener = listener
        self._held: list[bytes] | None = []

    def tell(self, frame: bytes) -> None:
        if self._held is None:
            self.listener.put(frame, None)
        else:
            self._held.append(frame)

    def close(self) -> None:
        self._feed.remove(self)

    def release(self) -> None:
        held, self._held = self._held or [], None
        for frame in held:
            self.listener.put(frame, None)


class Feed:
    """The clients that follow all chats."""

    def __init__(self) -> None:
        self._followers: dict[Follower, None] = {}

    @property
    def listeners(self) -> list[Listener]:
        return [follower.listener for follower in self._followers]

    def add(self, listener: Listener) -> Follower:
        follower = Follower(self, listener)
        self._followers[follower] = None
        return follower

    def remove(self, follower: Follower) -> None:
        self._followers.pop(follower, None)

    def publish(self, chat: Chat, events: list[ev.Event]) -> None:
        """Tells what a committed step changed."""
        if not self._followers:
            return
        for event in events:
            self._tell_permission(chat.id, event)
            self._tell_question(chat.id, event)
        if any(not isinstance(event, _SILENT) for event in events):
            self._tell(ev.FeedParams("chat", chat.id, chat=chat))

    def deleted(self, chat_id: ChatId) -> None:
        self._tell(ev.FeedParams("deleted", chat_id))

    def changed(self, what: Literal["providers", "models"]) -> None:
        """Tells that who shows these has to ask again."""
        self._tell(ev.FeedParams(what))

    def signing_in(self, login: Login) -> None:
        self._tell(ev.FeedParams("login", login=login))

    def _tell_permission(self, chat_id: ChatId, event: ev.Event) -> None:
        if isinstance(event, ev.PermissionOpened):
            opened = event.permission
            self._tell(ev.FeedParams("permission", chat_id, permission=opened))
        elif isinstance(event, ev.PermissionResolved):
            self._tell(
                ev.FeedParams(
                    "permission",
                    chat_id,
                    permission_id=event.permission_id,
                    resolution=event.resolution,
                )
            )

    def _tell_question(self, chat_id: ChatId, event: ev.Event) -> None:
        if isinstance(event, ev.QuestionOpened):
            self._tell(ev.FeedParams("question", chat_id, question=event.question))
        elif isinstance(event, ev.QuestionResolved):
            self._tell(
                ev.FeedParams(
                    "question", chat_id, question_id=event.question_id, answer=event.answer
                )
            )

    def _tell(self, params: ev.FeedParams) -> None:
        frame = jsonrpc.notification("feed", params)
        for follower in list(self._followers):
            follower.tell(frame)
