"""Owns what an adapter knows of its agent: who it is, what it can do, how its session is set."""

import msgspec

from claudetted import __version__
from claudetted.harnesses.acp import known
from claudetted.harnesses.acp.known import Known
from claudetted.harnesses.acp.messages import Initialized
from claudetted.harnesses.acp.offered import THINKING, Offered
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import SIDECAR_LEVEL
from claudetted.protocol.harnesses import Capabilities
from claudetted.protocol.permissions import Level

NOT_STARTED = "not started"


class Program(msgspec.Struct, frozen=True):
    """How the agent is started, and under which name the user has added it."""

    name: str
    command: list[str]
    known: Known

    @property
    def sign_in(self) -> str:
        return self.known.sign_in


def capabilities_of(agent: Known) -> Capabilities:
    """Before it has said anything itself."""
    return Capabilities(
        steer=False,
        compact=False,
        images=True,
        commands=False,
        sign_in=False,
        asks=agent.asks,
        sealed="call" if agent.asks else "none",
    )


class Agent:
    """It, as it is known now."""

    def __init__(self, program: Program, pid: int) -> None:
        self.program = program
        self.known = program.known
        self.version = NOT_STARTED
        self.initialized = Initialized()
        self.offered = Offered()
        self.commands: list[sc.CommandRow] = []
        self.session = ""
        self.level: Level = "standard"
        self._pid = pid
        self._told: tuple[Capabilities, str, int] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    def recognise(self, initialized: Initialized) -> None:
        """By what it says of itself. One that is known only now may lack what makes it ask."""
        self.initialized = initialized
        info = initialized.agent_info
        self.version = (info.version if info else "") or "unknown"
        if self.known is known.UNKNOWN and info and (found := known.by_own_name(info.name)):
            self.known = found

    @property
    def unprepared(self) -> bool:
        """It was started without what makes it ask."""
        return self.known is not self.program.known and bool(self.known.env)

    @property
    def capabilities(self) -> Capabilities:
        commands = {row.name for row in self.commands}
        asks = self.known.asks and not self.unprepared
        return Capabilities(
            steer=self.initialized.steers,
            compact="compact" in commands,
            # It has said nothing yet: who asks is told by then.
            images=self.initialized.sees or self.version == NOT_STARTED,
            thinking=bool(self.offered.choices(THINKING)),
            commands=bool(commands),
            sign_in=False,
            asks=asks,
            sealed="call" if asks else "none",
        )

    def hello(self) -> sc.Hello | None:
        """What is to be said of it, unless that was said already."""
        now = self.capabilities
        if (now, self.version, len(self.commands)) == self._told:
            return None
        return self.introduced(now)

    def introduced(self, now: Capabilities) -> sc.Hello:
        self._told = now, self.version, len(self.commands)
        return sc.Hello(
            SIDECAR_LEVEL,
            self.name,
            __version__,
            self.version,
            self._pid,
            now,
            as_is=True,
            commands=self.commands or None,
            drives=True,
        )
