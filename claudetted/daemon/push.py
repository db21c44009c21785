"""Owns notifications that leave this machine: to an ntfy topic, a webhook, and browsers.

What goes out is that a chat needs somebody, its title and a link to the page: nothing of what was
said or asked, and nothing that could decide. It is taken back when nobody is needed any more.
"""

import logging
import os
from collections import deque
from collections.abc import Callable
from datetime import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import trio

from claudetted.daemon.notice import Notice
from claudetted.daemon.web_push import WebPush
from claudetted.providers.http import HttpFailed, post_json

logger = logging.getLogger(__name__)

MOST = 20
"""Notifications that go out within PER_SECONDS; what is beyond is left to the page."""
PER_SECONDS = 60.0

Setting = Callable[[str], Any]


class Push:
    """Sends one after the other, so that what is taken back was there before."""

    def __init__(self, setting: Setting, web: WebPush) -> None:
        self._setting = setting
        self._web = web
        self._sending = trio.Lock()
        self._sent: deque[float] = deque()

    @property
    def wanted(self) -> bool:
        others = ("notification_ntfy", "notification_webhook")
        return self._web.wanted or any(self._setting(name) for name in others)

    def has_room(self) -> bool:
        """Whether one more may go out now; it counts as sent."""
        now = trio.current_time()
        while self._sent and self._sent[0] <= now - PER_SECONDS:
            self._sent.popleft()
        if len(self._sent) >= MOST:
            logger.warning("more than %d notifications a minute: one was not sent", MOST)
            return False
        self._sent.append(now)
        return True

    async def send(self, notice: Notice) -> None:
        """Error handling: what cannot be delivered is logged; the chat waits all the same."""
        topic = str(self._setting("notification_ntfy"))
        webhook = str(self._setting("notification_webhook"))
        async with self._sending:
            if topic:
                await _post(*to_ntfy(topic, notice))
            if webhook:
                await _post(webhook, to_webhook(notice))
            await self._web.send(notice)


async def _post(url: str, body: dict[str, Any]) -> None:
    try:
        await post_json(url, body, env=os.environ)
    except HttpFailed as fault:
        logger.warning("a notification could not be sent: %s", fault)


def to_ntfy(topic: str, notice: Notice) -> tuple[str, dict[str, Any]]:
    """(the server's address, the message). One with the same sequence replaces the one before."""
    split = urlsplit(topic)
    parent, _, name = split.path.rpartition("/")
    message: dict[str, Any] = {
        "topic": name,
        "sequence_id": notice.chat_id,
        "title": notice.title,
        "message": notice.words or "Nobody is needed any more.",
        "priority": 4 if notice.words else 1,
    }
    if notice.link:
        message["click"] = notice.link
    return urlunsplit((split.scheme, split.netloc, f"{parent}/", "", "")), message


def to_webhook(notice: Notice) -> dict[str, Any]:
    return {
        "kind": "raised" if notice.words else "withdrawn",
        "chatId": notice.chat_id,
        "title": notice.title,
        "why": list(notice.why),
        "link": notice.link,
    }


def is_quiet(hours: str, now: time) -> bool:
    """Whether a time of day is within `22:00-07:00`, which may go over midnight."""
    if not hours:
        return False
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    if start <= end:
        return start <= now < end
    return now >= start or now < end
