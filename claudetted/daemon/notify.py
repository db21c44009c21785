"""Owns telling a person outside of any client that a chat needs them: once a cycle, not hastily.

A cycle begins when a chat begins to need somebody and ends when it no longer does. The word goes
out 300 ms late, and only if it is still true.
"""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime

import trio
from msgspec.structs import replace

from claudetted.chat.manager import Manager
from claudetted.daemon.notice import Notice
from claudetted.daemon.push import Push, is_quiet
from claudetted.protocol.base import ChatId
from claudetted.protocol.chats import Chat
from claudetted.sidecar.capture import marked

logger = logging.getLogger(__name__)

DELAY_SECONDS = 0.3
_COMMAND_SECONDS = 30.0
_APPLE_SCRIPT = """on run argv
display notification (item 2 of argv) with title (item 1 of argv)
end"""
_WORDS = {
    "permission": "asks for permission",
    "question": "has a question",
    "ended": "has finished",
    "failed": "could not finish",
}


class Notifier:
    """Follows the chats' attention. Its tasks live in the nursery it is given."""

    def __init__(self, nursery: trio.Nursery, push: Push, link: Callable[[ChatId], str]) -> None:
        """`link` leads to a chat's page; it is empty where there is none."""
        self.manager: Manager | None = None
        """Set by the daemon before any chat runs."""
        self._nursery = nursery
        self._push = push
        self._link = link
        self._followed: set[ChatId] = set()
        self._pushed: dict[ChatId, Notice] = {}

    def raised(self, chat_id: ChatId) -> None:
        """A chat begins to need a person, for one more reason."""
        if chat_id not in self._followed:
            self._followed.add(chat_id)
            self._nursery.start_soon(self._follow, chat_id)

    async def _follow(self, chat_id: ChatId) -> None:
        """One cycle after the other, while there is one."""
        assert self.manager is not None
        while self._needing(chat_id):
            async with trio.open_nursery() as cycle:
                cycle.start_soon(self._tell_later, chat_id)
                await self.manager.until_unneeded(chat_id)
                cycle.cancel_scope.cancel()
            if notice := self._pushed.pop(chat_id, None):
                self._nursery.start_soon(self._push.send, replace(notice, words=""))
        self._followed.discard(chat_id)

    async def _tell_later(self, chat_id: ChatId) -> None:
        """What tells may take longer than the cycle, and is not cut short with it."""
        await _delay()
        chat = self._needing(chat_id)
        if chat and self._may_tell(chat):
            self._nursery.start_soon(self._tell, chat)
            if self._push.wanted and self._push.has_room():
                notice = self._pushed[chat_id] = self._notice(chat)
                self._nursery.start_soon(self._push.send, notice)

    def _may_tell(self, chat: Chat) -> bool:
        assert self.manager is not None
        setting = self.manager.world.rulebook.setting
        now = datetime.now().astimezone().time()
        silent = setting("notification") == "off" or chat.id in setting("muted_chats")
        return not silent and not is_quiet(setting("quiet_hours"), now)

    def _notice(self, chat: Chat) -> Notice:
        title = chat.title or os.path.basename(chat.workspace)
        return Notice(chat.id, title, tuple(chat.attention), _words(chat), self._link(chat.id))

    def _needing(self, chat_id: ChatId) -> Chat | None:
        assert self.manager is not None
        chat = self.manager.loaded_chat(chat_id)
        return chat if chat and chat.attention else None

    async def _tell(self, chat: Chat) -> None:
        assert self.manager is not None
        book = self.manager.world.rulebook
        way = book.setting("notification")
        command = book.setting("notification_command") if way == "command" else _desktop(chat)
        if not command:
            return
        try:
            with trio.move_on_after(_COMMAND_SECONDS):
                env = {**os.environ, **_about(chat), "CLAUDETTED_LINK": self._link(chat.id)}
                await trio.run_process(
                    marked(command, env),
                    env=env,
                    check=False,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
        except OSError as fault:
            logger.warning("the notification could not be sent: %s", fault)


async def _delay() -> None:
    await trio.sleep(DELAY_SECONDS)


def _about(chat: Chat) -> dict[str, str]:
    return {
        "CLAUDETTED_CHAT_ID": chat.id,
        "CLAUDETTED_TITLE": chat.title,
        "CLAUDETTED_WHY": ",".join(chat.attention),
    }


def _words(chat: Chat) -> str:
    return f"The agent {' and '.join(_WORDS[why] for why in chat.attention)}."


def _desktop(chat: Chat) -> list[str]:
    """The desktop's own way; nothing where there is no desktop."""
    title = chat.title or chat.workspace
    if sys.platform == "darwin":
        return ["/usr/bin/osascript", "-e", _APPLE_SCRIPT, title, _words(chat)]
    seen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    program = shutil.which("notify-send") if seen else None
    return [program, "--app-name=claudette", "--", title, _words(chat)] if program else []
