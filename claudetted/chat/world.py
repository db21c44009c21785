"""Owns what all chats share: the disk, the keeper, the feed, how a sidecar is launched."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from claudetted.chat.feed import Feed
from claudetted.chat.rulebook import Rulebook
from claudetted.permissions.places import Places
from claudetted.protocol.base import ChatId, SidecarId
from claudetted.protocol.chats import Chat
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.routing import Routing
from claudetted.sidecar.launch import Launch
from claudetted.sidecar.link import KeeperLink
from claudetted.store.database import Database

Launcher = Callable[[str, ChatId, dict[str, str], list[str]], Awaitable[Launch]]
"""(harness, chat, the chat's environment, the user's words before the command) -> what to run.
Raises HarnessMissing."""


@dataclass(frozen=True)
class World:
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
