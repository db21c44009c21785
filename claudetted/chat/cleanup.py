"""Owns clearing away what deleted chats and sessions left: rows, directories, unused pages.

Whoever gave them up has noted that on disk, so a daemon that was killed meanwhile goes on here.
"""

import logging
from functools import partial

import trio

from claudetted.store import directories, remains
from claudetted.store.database import Database, Work
from claudetted.store.writer import StoreRefused

logger = logging.getLogger(__name__)

REST_SECONDS = 0.02
"""Between two steps the disk is for the others."""
AGAIN_SECONDS = 60.0
"""After the disk refused."""
MOST_UNUSED_PAGES = 256


class Clearing:
    """One task of the daemon. Nobody waits for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted = trio.Event()

    def want(self) -> None:
        """Something was given up."""
        self._wanted.set()

    async def run(self) -> None:
        """First what an earlier daemon left."""
        while True:
            try:
                await self._clear()
            except StoreRefused as refusal:
                logger.warning("what deleted chats left stays for now: %s", refusal)
                await trio.sleep(AGAIN_SECONDS)
                continue
            await self._wanted.wait()
            self._wanted = trio.Event()

    async def _clear(self) -> None:
        for place in await self._database.read(remains.noted):
            await trio.to_thread.run_sync(directories.remove, place)
            await self._step_by_step(partial(remains.remove_some, chat_id=place))
            await self._database.commit(partial(remains.forget, place=place))
        if await self._database.read(remains.unused_pages) > MOST_UNUSED_PAGES:
            await self._step_by_step(remains.free_some)
            await self._database.give_back()

    async def _step_by_step(self, step: Work[bool]) -> None:
        done = False
        while not done:
            done = await self._database.commit(step)
            await trio.sleep(REST_SECONDS)
