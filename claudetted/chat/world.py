"""Owns what all chats share: the disk, the keeper, the feed, how a sidecar is launched."""

from collections.abc import Callable
from typing import Protocol

import msgspec
import trio

from claudetted.chat.audience.feed import Feed
from claudetted.chat.rulebook import Rulebook
from claudetted.harnesses.registry import Harnesses
from claudetted.permissions.places import Places
from claudetted.protocol import errors
from claudetted.protocol.base import ChatId, SidecarId
from claudetted.protocol.chats import Chat
from claudetted.protocol.permissions import Level
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.routing import Routing
from claudetted.sidecar.box.box import NO_BOX, Box
from claudetted.sidecar.environment import Launch
from claudetted.sidecar.link import KeeperLink
from claudetted.store.database import Database


class Launcher(Protocol):
    """What can be started here. Both raise HarnessMissing; `env` is the chat's environment."""

    async def require(self, harness: str, env: dict[str, str]) -> None: ...

    async def launch(
        self, harness: str, chat_id: ChatId, env: dict[str, str], prefix: list[str]
    ) -> Launch:
        """`prefix` are the user's words before the command."""


class World(msgspec.Struct, frozen=True):
    """Made once by the daemon; its nursery outlives every client and ends with the chats."""

    database: Database
    keeper: KeeperLink
    launcher: Launcher
    umask: int
    """The user's own: what an agent writes in a workspace is like what the user writes there."""
    places: Places
    nursery: trio.Nursery
    feed: Feed
    rulebook: Rulebook
    block: AnthropicBlock
    routing: Routing
    attention: Callable[[ChatId], None]
    """Told when a chat begins to need a person."""
    given_up: Callable[[], None] = lambda: None
    """Told when a chat or its session was given up and its remains are to be cleared away."""
    credentials: Callable[[SidecarId, dict[str, str]], None] = lambda _sidecar, _env: None
    """Hands a sidecar with a chat's environment the credentials that are nowhere stored."""
    spent: Callable[[Chat], None] = lambda _chat: None
    """Told when a turn has ended."""
    box: Box = NO_BOX
    """How commands that run unasked are confined."""
    harnesses: Harnesses = msgspec.field(default_factory=Harnesses)
    """The kinds of agents, with those that the user has added."""

    def check_level(self, level: Level | None) -> None:
        """Raises BoxUnavailable for a level that this machine cannot keep."""
        if level == "confined" and not self.box.works:
            raise errors.BoxUnavailable(
                f"The level confined needs a box, and there is none here. {self.box.missing}"
            )
