"""Owns the thread that follows the chat: it alone touches the fold, and hands pictures on."""

from __future__ import annotations

import importlib
import select
import threading
import time

from claudette_cli.attach.picture import Picture
from claudette_cli.client.environment import refreshed
from claudette_cli.client.following import Following
from claudette_cli.client.waiting import Others
from claudette_cli.exits import Failure
from claudette_cli.rendering.scroll import Scroll
from claudette_cli.terminal.output import Terminal, screen_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from claudette_cli.client.fold import Change

    Show = Callable[[list[str], Picture], None]

FRAME_SECONDS = 0.05
"""No more pictures than an eye can follow: drawing costs more than reading."""


class Reader:
    """A context. Runs until its end, until the chat is deleted, or no daemon can be had."""

    def __init__(self, chat_id: str, terminal: Terminal) -> None:
        self._others = Others(chat_id)
        self._following = Following(chat_id, env=refreshed(), others=self._others)
        self._terminal = terminal
        self._scroll = Scroll(self._following.fold, terminal, seated=True)
        self._thread: threading.Thread | None = None
        self._closing = False
        self._begun: list[Change] = []
        """What came with the first picture."""
        self._shown_at = 0.0
        self._changed = time.monotonic()
        self.decided_here = self._scroll.decided_here

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> Picture:
        """The first picture, waited for: the chat as it is, without its transcript."""
        self._begun = self._following.take()
        return self._picture([], connected=self._following.connection is not None)

    def start(self, show: Show, over: Callable[[Failure | None], None]) -> None:
        """`show` draws and returns when it is drawn; `over` is called once, at the end."""
        self._thread = threading.Thread(target=self._run, args=(show, over), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wakes the thread and waits for it."""
        self._closing = True
        self._following.interrupt()
        if self._thread is not None:
            self._thread.join(timeout=1)
        else:
            self._following.close()

    def _run(self, show: Show, over: Callable[[Failure | None], None]) -> None:
        failure: Failure | None = None
        try:
            _load_the_rest()
            while not self._closing and self._turn_page(show):
                pass
        except Failure as failed:
            failure = failed
        finally:
            self._following.close()
            over(failure)

    def _turn_page(self, show: Show) -> bool:
        """Takes what comes until the next picture is due: at once after a pause. False at the
        chat's end."""
        final: list[str] = []
        names: set[str] = set()
        while True:
            changes, self._begun = self._begun or self._following.take(), []
            for change in changes:
                final += self._scroll.take(change)
                names.add(change[0])
            left = self._shown_at + FRAME_SECONDS - time.monotonic()
            if left <= 0 or "disconnected" in names or not self._more_within(left):
                break
        if names - {"others", "balance"}:
            self._changed = time.monotonic()
        tail = self._scroll.tail(max(3, screen_rows() // 2))
        show(final, self._picture(tail, connected="disconnected" not in names))
        self._shown_at = time.monotonic()
        return "chat/deleted" not in names

    def _picture(self, tail: list[str], *, connected: bool) -> Picture:
        return Picture(
            self._following.fold,
            tail,
            connected=connected,
            changed=self._changed,
            others=self._others.count,
        )

    def _more_within(self, seconds: float) -> bool:
        connection = self._following.connection
        if connection is None:
            return False
        return connection.pending or bool(select.select([connection], [], [], seconds)[0])


def _load_the_rest() -> None:
    """What the first picture does without, before anything is said: another installation may have
    replaced this one by then."""
    for name in ("markdown", "diffs"):
        importlib.import_module(f"claudette_cli.rendering.{name}")
