"""Owns a client that follows one chat across the ends of its daemons, by its cursor."""

from pathlib import Path

import trio

from tests.daemon.client import Client, Closed, Json, connect
from tests.daemon.mirror import Mirror


class Follower:
    """One chat as a client sees it that always comes back.

    Raises AssertionError when an event is missing, comes twice, or contradicts what was told.
    """

    def __init__(self, chat: str, nursery: trio.Nursery) -> None:
        self.chat = chat
        self.mirror: Mirror | None = None
        self.client: Client | None = None
        self._folded = 0
        self._nursery = nursery

    async def close(self) -> None:
        """Leaves without a word."""
        if self.client:
            await self.client.close()

    @property
    def seen(self) -> Mirror:
        assert self.mirror
        return self.mirror

    async def come(self, socket: Path, **options: int) -> bool:
        """Connects and takes up where it was; False when the daemon ended meanwhile."""
        self.fold()
        await self.close()
        try:
            self.client = await connect(socket, self._nursery, **options)
            self._folded = 0
            await self._subscribe(self.client)
        except (Closed, OSError, trio.BrokenResourceError):
            return False
        return True

    async def _subscribe(self, client: Client) -> None:
        if self.mirror is None:
            self.mirror = await Mirror.of(client, self.chat)
            return
        journal, _, _ = self.mirror.cursor.partition(".")
        after = f"{journal}.{self.mirror.state.seq}"
        answer = await client.call("event/subscribe", chatId=self.chat, after=after)
        assert answer.get("resumed"), f"the cursor {after} did not serve: {answer.get('note')}"

    def fold(self) -> None:
        """Folds what was told so far."""
        if self.client and self.mirror:
            told: list[Json] = self.client.told[self._folded :]
            self._folded += len(told)
            self.mirror.take(told)

    async def gone(self) -> None:
        """Returns when the daemon is gone and all it told is folded."""
        if self.client:
            self.client.wake()
            await self.client.gone()
            self.fold()

    def said(self, kind: str) -> list[str]:
        """The texts of one kind, in order."""
        return [item.text for item in self.seen.items.values() if item.kind == kind]
