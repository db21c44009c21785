"""Owns what the handlers work with: the chats, and what the daemon knows of itself."""

from dataclasses import dataclass, field

import trio

from claudetted.chat.manager import Manager
from claudetted.chat.watching import Audience
from claudetted.protocol.base import ChatId
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.backends import Backends
from claudetted.providers.control import Control
from claudetted.providers.credentials import Credentials
from claudetted.providers.credits import Credits
from claudetted.providers.logins import Logins
from claudetted.providers.models import Models
from claudetted.rpc.caller import Clients
from claudetted.store.database import Database


@dataclass
class Desk:
    """Made once by the daemon."""

    manager: Manager
    database: Database
    control: Control
    credentials: Credentials
    backends: Backends
    models: Models
    credits: Credits
    audience: Audience
    """Of those credits."""
    logins: Logins
    instance: str
    started_at: str
    socket: str
    clients: Clients = field(default_factory=Clients)
    signing_in: dict[ChatId, str] = field(default_factory=dict)
    """The sign-in that was begun in a chat last, while it runs."""
    stop: trio.Event = field(default_factory=trio.Event)
    """Set to end the daemon in order."""
    end_agents: bool = False
    """Whether the agents end with it."""

    @property
    def block(self) -> AnthropicBlock:
        return self.manager.world.block
