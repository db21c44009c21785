"""Owns those who wait until a chat has become something."""

from collections.abc import Callable
from typing import TypeVar

import trio

from claudetted.chat.state.agent import Agent
from claudetted.chat.state.fold import ChatState
from claudetted.protocol.events import Event

R = TypeVar("R")
Check = Callable[[ChatState, Agent, list[Event]], R | None]
"""(state, agent, the events that led there) -> what was waited for, if it is there."""


class _Waiter:
    def __init__(self, check: Check[object]) -> None:
        self.check = check
        self.result: object | None = None
        self.error: Exception | None = None
        self.seen = trio.Event()


class Waiting:
    """Looks at the chat after every step for those who wait."""

    def __init__(self) -> None:
        self.waiters: dict[_Waiter, None] = {}

    async def until(self, check: Check[R], state: ChatState, agent: Agent) -> R:
        """The first thing `check` finds, now or after a later step."""
        found = check(state, agent, [])
        if found is not None:
            return found
        waiter = _Waiter(check)
        self.waiters[waiter] = None
        try:
            await waiter.seen.wait()
        finally:
            self.waiters.pop(waiter, None)
        if waiter.error:
            raise waiter.error
        return waiter.result  # type: ignore[return-value]  # found by this check

    def __len__(self) -> int:
        return len(self.waiters)

    def fail(self, error: Exception) -> None:
        """The chat will never become anything any more."""
        waiters, self.waiters = self.waiters, {}
        for waiter in waiters:
            waiter.error = error
            waiter.seen.set()

    def look(self, state: ChatState, agent: Agent, events: list[Event]) -> None:
        for waiter in list(self.waiters):
            found = waiter.check(state, agent, events)
            if found is not None:
                waiter.result = found
                self.waiters.pop(waiter, None)
                waiter.seen.set()
