"""Owns keys: a request sent again with its key is answered as before and happens once."""

import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import msgspec

from claudetted.chat import ids
from claudetted.chat.step import Step
from claudetted.protocol.base import Params
from claudetted.protocol.errors import Fault, KeyReused
from claudetted.store import transcripts
from claudetted.store.database import Database
from claudetted.store.journal import KeyTaken

R = TypeVar("R")


class Keyed:
    """One request and the key it may carry."""

    def __init__(self, database: Database, method: str, key: str | None, params: Params) -> None:
        self._database = database
        self._method = method
        self._key = key
        self._params = params

    async def once(self, result_type: type[R], act: Callable[[], Awaitable[R]]) -> R:
        """The earlier answer, or that of acting now. Raises KeyReused."""
        if self._key is None:
            return await act()
        earlier = await self._earlier(result_type)
        if earlier is not None:
            return earlier
        try:
            return await act()
        except (KeyTaken, Fault):
            # What was refused may have been done meanwhile, by the same request sent twice.
            earlier = await self._earlier(result_type)
            if earlier is None:
                raise
            return earlier

    def remember(self, step: Step, result: object) -> None:
        """Stores the answer with what it did, in the same transaction."""
        if self._key is not None:
            answer = msgspec.json.encode(result)
            step.write.answered = (self._method, self._key, self._digest(), answer, ids.now())

    def _digest(self) -> bytes:
        return hashlib.sha256(msgspec.json.encode(self._params)).digest()

    async def _earlier(self, result_type: type[R]) -> R | None:
        assert self._key is not None
        query = partial(transcripts.answer, method=self._method, key=self._key)
        row = await self._database.read(query)
        if row is None:
            return None
        params, result = row
        if params != self._digest():
            message = "The key was used before for another request; use a new one."
            raise KeyReused(message, key=self._key)
        return msgspec.json.decode(result, type=result_type)
