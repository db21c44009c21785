"""Owns the kinds of agents on this machine: listed, and started once to find out what each is."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import trio

from claudetted.chat import ids
from claudetted.daemon.launching import Launching
from claudetted.daemon.scratch import scratch
from claudetted.protocol import harnesses
from claudetted.protocol.base import Line
from claudetted.protocol.sidecar import Forget, Inspect, Inspected
from claudetted.providers.control import Control
from claudetted.providers.credentials import Credentials
from claudetted.sidecar.link import KeeperLink

R = TypeVar("R")


class Agents:
    """`rpc.services.Harnesses`, with the keeper as the parent of what is started."""

    def __init__(
        self,
        launching: Launching,
        keeper: KeeperLink,
        credentials: Credentials,
        umask: int,
        nursery: trio.Nursery,
    ) -> None:
        self._launching = launching
        self._keeper = keeper
        self._credentials = credentials
        self._umask = umask
        self._nursery = nursery

    def listed(self) -> list[harnesses.Harness]:
        return self._launching.listed()

    def described(self, harness: str) -> harnesses.Harness:
        return self._launching.described(harness)

    async def inspected(self, harness: str, env: dict[str, str]) -> Inspected:
        """Its program is asked; one that has none is started."""
        if (told := await self._launching.asked(harness, env)) is not None:
            return told
        return await self._asked(harness, env, Inspect, Inspected)

    async def forget(self, harness: str, env: dict[str, str], session: str) -> None:
        await self._asked(harness, env, lambda n, scratch: Forget(n, scratch, session), type(None))

    async def _asked(
        self, harness: str, env: dict[str, str], make: Callable[[int, str], Line], result: type[R]
    ) -> R:
        """In a directory of its own, which is removed with all that it has started."""
        control = Control(
            harness,
            self._keeper,
            self._credentials,
            partial(self._launching.launch_inspection, harness, env),
            ids.new_id,
            self._umask,
            self._nursery,
        )
        with scratch("agent") as directory:
            try:
                return await control.ask(lambda n: make(n, str(directory)), result)
            finally:
                with trio.CancelScope(shield=True):
                    await control.close()
