"""Owns the balance at OpenRouter: when it is asked for, with which key, and what came of it."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import msgspec
import trio

from claudetted.protocol import errors, sidecar
from claudetted.protocol.usage import Balance
from claudetted.providers import http
from claudetted.providers.control import Control
from claudetted.providers.models import Models

Told = TypeVar("Told")
logger = logging.getLogger(__name__)

PROVIDER = "openrouter"
POLL_SECONDS = 300.0
PATIENCE_SECONDS = 30.0
NEEDS_MANAGEMENT = (401, 403)
"""An account's credits are told to a management key alone, and no turn goes with one."""


class Audience(Protocol):
    """Whom a balance concerns."""

    @property
    def concerned(self) -> bool:
        """Whether there is a chat of theirs, followed or not."""

    @property
    def present(self) -> bool: ...

    def tell(self, balance: Balance | None) -> None: ...


class Credits:
    """What is known, asked for anew while somebody watches. Nobody waits for it unasked.

    Error handling: a balance that cannot be had is none; `trouble` says why. The key is held for
    one round of requests and told to nobody.
    """

    def __init__(
        self,
        control: Control,
        models: Models,
        audience: Audience,
        now: Callable[[], str],
        nursery: trio.Nursery,
        environment: Callable[[], Awaitable[dict[str, str]]],
    ) -> None:
        self.known: Balance | None = None
        self.trouble = ""
        self._control = control
        self._models = models
        self._audience = audience
        self._now = now
        self._nursery = nursery
        self._environment = environment
        self._wanted = trio.Event()
        self._under_way: trio.Event | None = None
        self._credential = 0
        """Counts the credentials there were."""

    async def run(self) -> None:
        """Asks now and then, and soon after something has changed, if anybody watches."""
        while True:
            with trio.move_on_after(POLL_SECONDS):
                await self._wanted.wait()
            self._wanted = trio.Event()
            if self._audience.present:
                await self._asked()

    def look_soon(self) -> None:
        """Something was spent, or somebody has begun to watch."""
        self._wanted.set()

    def forget(self) -> None:
        """The credential may be another one now."""
        self.known, self.trouble = None, ""
        self._credential += 1
        self.look_soon()

    async def refresh(self) -> None:
        """Returns when it is known as it is now, if OpenRouter is used at all."""
        if await self._is_used():
            await self._asked()

    async def _is_used(self) -> bool:
        if self._audience.concerned or self.known or self.trouble:
            return True
        models = (await self._models.known()).models
        return any(model.usable and model.provider == PROVIDER for model in models)

    async def _asked(self) -> None:
        """One round at a time; whoever comes meanwhile waits for its end. It outlives them."""
        if self._under_way is None:
            self._under_way = trio.Event()
            self._nursery.start_soon(self._ask, self._under_way)
        await self._under_way.wait()

    async def _ask(self, over: trio.Event) -> None:
        before, credential = self.known, self._credential
        try:
            with trio.fail_after(PATIENCE_SECONDS):
                balance = await self._told()
            if credential == self._credential:
                self.known, self.trouble = balance, ""
        except trio.TooSlowError:
            self._lack(f"OpenRouter did not send the balance within {PATIENCE_SECONDS:g} s.")
        except (errors.Fault, http.HttpFailed) as failure:
            self._lack(str(failure))
        finally:
            self._under_way = None
            over.set()
        if self.known != before:
            self._audience.tell(self.known)

    def _lack(self, why: str) -> None:
        self.known, self.trouble = None, why
        logger.info("no balance of %s: %s", PROVIDER, why)

    async def _told(self) -> Balance:
        in_use = await self._control.ask(lambda n: sidecar.KeyWanted(n, PROVIDER), sidecar.KeyInUse)
        if not in_use.key:
            raise http.HttpFailed("No key of OpenRouter is in use.")
        base, env = in_use.base_url.rstrip("/"), await self._environment()
        try:
            answer = await http.fetch_json(f"{base}/credits", key=in_use.key, env=env)
        except http.HttpFailed as failure:
            if failure.status not in NEEDS_MANAGEMENT:
                raise
            answer = await http.fetch_json(f"{base}/key", key=in_use.key, env=env)
            return _of_key(answer, self._now())
        return _of_account(answer, self._now())


class _Credits(msgspec.Struct):
    total_credits: float
    total_usage: float


class _Key(msgspec.Struct):
    usage: float
    limit: float | None = None
    limit_remaining: float | None = None


class _Answer(msgspec.Struct):
    data: Any


def _of_account(answer: Any, at: str) -> Balance:
    told = _read(answer, _Credits)
    left = max(0.0, told.total_credits - told.total_usage)
    return Balance("account", told.total_usage, told.total_credits, left, left <= 0, at)


def _of_key(answer: Any, at: str) -> Balance:
    told = _read(answer, _Key)
    if told.limit is None:
        return Balance("key", told.usage, at=at)
    left = told.limit_remaining
    left = max(0.0, told.limit - told.usage if left is None else left)
    return Balance("key", told.usage, told.limit, left, left <= 0, at)


def _read(answer: Any, kind: type[Told]) -> Told:
    try:
        return msgspec.convert(msgspec.convert(answer, _Answer).data, kind)
    except msgspec.ValidationError as error:
        raise http.HttpFailed(f"OpenRouter sent an unexpected answer: {error}.") from None
