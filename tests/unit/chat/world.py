"""A daemon's chats without processes: a keeper that a test speaks through, and a real database."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec
import trio

from claudetted.chat import creation, recovery
from claudetted.chat.audience.feed import Feed
from claudetted.chat.manager import Manager
from claudetted.chat.rulebook import load_rulebook
from claudetted.chat.world import World
from claudetted.permissions.disk import RealDisk
from claudetted.permissions.places import Places
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import ChatId, SidecarId
from claudetted.protocol.chats import CreateParams
from claudetted.providers.anthropic import AnthropicBlock
from claudetted.providers.routing import Choice, Routing
from claudetted.sidecar.environment import Launch
from claudetted.sidecar.link import KeeperLink
from claudetted.sidecar.reports import Exit, Output, Report, Running
from claudetted.store.database import Database
from tests.unit.chat.draft import STARTED, decode_sent

Sink = Callable[[Report], None]


@dataclass
class Puppet:
    """One sidecar as the keeper has it: all it said, how much was told, what it was sent."""

    chat: ChatId
    said: bytes = b""
    told: int = 0
    acknowledged: int = 0
    sink: Sink | None = None
    inputs: dict[int, Any] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    exit: Exit | None = None
    ended: trio.Event = field(default_factory=trio.Event)

    @property
    def unanswered(self) -> list[Any]:
        """Requests the sidecar has not answered, the oldest first."""
        return [
            line
            for n, line in sorted(self.inputs.items())
            if n not in self.answered and not isinstance(line, sc.Decide)
        ]


class Keeper:
    """Stands where the link to the keeper is. Survives the daemon that uses it."""

    def __init__(self) -> None:
        self.pid: int | None = 4711
        self.puppets: dict[SidecarId, Puppet] = {}
        self.launch_fails = ""

    # What the daemon orders

    async def start(
        self, sidecar: SidecarId, argv: Sequence[str], env: Mapping[str, str], *more: object
    ) -> int:
        assert sidecar not in self.puppets, "started twice"
        self.puppets[sidecar] = Puppet(ChatId(env["CHAT"]))
        return 1

    def attach(self, sidecar: SidecarId, offset: int, sink: Sink) -> None:
        puppet = self.puppets[sidecar]
        assert puppet.acknowledged <= offset <= len(puppet.said)
        puppet.sink, puppet.told = sink, offset
        self.tell(sidecar)

    def send(self, sidecar: SidecarId, n: int, line: bytes) -> None:
        if puppet := self.puppets.get(sidecar):
            if n <= max(puppet.inputs, default=0):
                return
            assert n == max(puppet.inputs, default=0) + 1, "a line is missing"
            puppet.inputs[n] = decode_sent(line)

    def acknowledge(self, sidecar: SidecarId, offset: int) -> None:
        if puppet := self.puppets.get(sidecar):
            assert offset <= puppet.told, "acknowledged what was not told"
            puppet.acknowledged = max(puppet.acknowledged, offset)

    async def end(self, sidecar: SidecarId, grace: float) -> None:
        if puppet := self.puppets.get(sidecar):
            self.die(sidecar, signal=9)
            await puppet.ended.wait()

    def forget(self, sidecar: SidecarId) -> None:
        if puppet := self.puppets.pop(sidecar, None):
            puppet.ended.set()

    # What the test has the sidecars do

    def say(self, sidecar: SidecarId, *lines: Any, told: int | None = None) -> None:
        """The sidecar speaks; of all that was not told yet, `told` bytes are told now."""
        puppet = self.puppets[sidecar]
        puppet.said += b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        self.tell(sidecar, told)

    def tell(self, sidecar: SidecarId, most: int | None = None) -> None:
        puppet = self.puppets[sidecar]
        data = puppet.said[puppet.told :][:most]
        if puppet.sink and data:
            puppet.told += len(data)
            puppet.sink(Output(sidecar, puppet.told - len(data), data))
        if puppet.sink and puppet.exit and puppet.told == len(puppet.said):
            puppet.sink(puppet.exit)
            puppet.ended.set()

    def die(self, sidecar: SidecarId, code: int | None = None, signal: int | None = None) -> None:
        self.puppets[sidecar].exit = Exit(sidecar, code, signal, b"last words\n")
        self.tell(sidecar)

    def answer(self, sidecar: SidecarId) -> None:
        """The sidecar answers its oldest request, as an agent would that does nothing else."""
        puppet = self.puppets[sidecar]
        line = puppet.unanswered[0]
        n = line.id
        puppet.answered.add(n)
        if isinstance(line, sc.Start):
            started = msgspec.Raw(msgspec.json.encode(STARTED))
            self.say(sidecar, sc.Hello(1, "pi", "0.1", "1.5.2"), sc.Reply(n, result=started))
        elif isinstance(line, sc.Steer):
            self.say(sidecar, sc.Reply(n), sc.SteerTaken(line.turn))
        elif isinstance(line, sc.Compact):
            ended = sc.CompactionEnd("manual", ok=True, before=900, after=90)
            self.say(sidecar, sc.CompactionStart("manual"), ended, sc.Reply(n))
        else:
            self.say(sidecar, sc.Reply(n))

    # Between two daemons

    def leave(self) -> None:
        """The daemon is gone."""
        for puppet in self.puppets.values():
            puppet.sink = None
            puppet.ended = trio.Event()

    def running(self) -> list[Running]:
        return [
            Running(
                sidecar,
                puppet.acknowledged,
                len(puppet.said),
                max(puppet.inputs, default=0),
                1,
                puppet.exit is not None,
            )
            for sidecar, puppet in self.puppets.items()
        ]


class Straight:
    """What is named is meant, and the agent knows the way."""

    def route(self, chat: object) -> None:
        return None

    async def choose(self, model: str = "", backend: str = "", **more: str) -> Choice:
        return Choice("pi", backend or "pi", model)

    def runs(self, harness: str, backend: str, model: str) -> str:
        return harness or "pi"


class Anything:
    """Every harness is installed."""

    async def require(self, harness: str, env: dict[str, str]) -> None:
        return None

    async def launch(
        self, harness: str, chat_id: ChatId, env: dict[str, str], prefix: list[str]
    ) -> Launch:
        return Launch(["sidecar"], {**env, "CHAT": chat_id})


async def _paths() -> list[str]:
    return []


async def _environment() -> dict[str, str]:
    return {"HOME": "/nowhere", "PATH": ""}


@asynccontextmanager
async def managing(database: Database, keeper: Keeper) -> AsyncIterator[Manager]:
    """The chats of one daemon; on leaving it is gone as if it were killed."""
    async with trio.open_nursery() as nursery:
        world = World(
            database=database,
            keeper=cast(KeeperLink, keeper),
            launcher=Anything(),
            umask=0o022,
            places=Places(home="/home/u", data_dir="/data", runtime_dir="/run", disk=RealDisk()),
            nursery=nursery,
            feed=Feed(),
            rulebook=await load_rulebook(database),
            block=AnthropicBlock(_environment, _paths, nursery),
            routing=cast(Routing, Straight()),
            attention=lambda chat: None,
        )
        manager = Manager(world)
        try:
            await recovery.recover(manager, keeper.running())
            yield manager
        finally:
            nursery.cancel_scope.cancel()
            keeper.leave()


async def create(manager: Manager, workspace: Path) -> ChatId:
    actor = await creation.create(manager, CreateParams(str(workspace)), lambda step, result: None)
    return actor.chat_id
