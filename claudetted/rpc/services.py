"""Owns what the handlers work with: the chats, and what the daemon knows of itself."""

from typing import TYPE_CHECKING, Protocol

import msgspec
import trio

from claudetted.chat.audience.model_watchers import Audience
from claudetted.chat.manager import Manager
from claudetted.chat.preferences import Preferences
from claudetted.protocol.base import ChatId
from claudetted.protocol.harnesses import Harness
from claudetted.protocol.sidecar import Inspected
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.backends import Backends
from claudetted.providers.control import Control
from claudetted.providers.credentials import Credentials
from claudetted.providers.credits import Credits
from claudetted.providers.logins import Logins
from claudetted.providers.models import Models
from claudetted.providers.network import Network
from claudetted.rpc.caller import Clients
from claudetted.rpc.doors.web.remote import RemoteDoor
from claudetted.sidecar.login_shell import LoginEnvironment
from claudetted.store.database import Database

if TYPE_CHECKING:
    from claudetted.chat.actor import Actor
    from claudetted.protocol.commands import ListResult
    from claudetted.protocol.questions import Question
    from claudetted.protocol.turns import SendParams, SendResult
    from claudetted.rpc.caller import Caller
    from claudetted.rpc.idempotency import Keyed


class SlashCommands(Protocol):
    """What methods ask of slash commands, which know nothing of methods."""

    async def run(
        self,
        services: "Services",
        caller: "Caller",
        actor: "Actor",
        params: "SendParams",
        keyed: "Keyed",
    ) -> "SendResult | bool": ...

    async def listed(self, services: "Services", actor: "Actor") -> "ListResult": ...

    async def answered(self, services: "Services", question: "Question", value: str) -> None: ...

    async def begin(self, services: "Services", asked: "list[Question]") -> None: ...


class Harnesses(Protocol):
    """The kinds of agents as they are on this machine, those that the user has added included."""

    def listed(self) -> list[Harness]: ...

    def described(self, harness: str) -> Harness:
        """Raises HarnessMissing."""

    async def inspected(self, harness: str, env: dict[str, str]) -> Inspected:
        """What one says of itself: it is started with a client's environment and ended again.
        Raises HarnessMissing and HarnessFailed."""

    async def forget(self, harness: str, env: dict[str, str], session: str) -> None:
        """Has one remove a session from its own history. Raises HarnessMissing, HarnessFailed and
        NotSupported."""


class Services(msgspec.Struct):
    """Made once by the daemon."""

    manager: Manager
    database: Database
    control: Control
    credentials: Credentials
    backends: Backends
    network: Network
    login: LoginEnvironment
    models: Models
    credits: Credits
    audience: Audience
    """Of those credits."""
    logins: Logins
    harnesses: Harnesses
    slash: SlashCommands
    remote: RemoteDoor
    preferences: Preferences
    instance: str
    started_at: str
    socket: str
    clients: Clients = msgspec.field(default_factory=Clients)
    signing_in: dict[ChatId, str] = msgspec.field(default_factory=dict)
    """The sign-in that was begun in a chat last, while it runs."""
    stop: trio.Event = msgspec.field(default_factory=trio.Event)
    """Set to end the daemon in order."""
    end_agents: bool = False
    """Whether the agents end with it."""

    @property
    def block(self) -> AnthropicBlock:
        return self.manager.world.block
