"""Owns what the daemon knows of the process behind a chat and clients do not see."""

from typing import Literal

from msgspec.structs import replace

from claudetted.protocol.base import Data, ItemId, PermissionId, SidecarId, TurnId
from claudetted.protocol.endpoints import Endpoint
from claudetted.protocol.sidecar import CommandRow, Hello, LineError
from claudetted.protocol.turns import Usage
from claudetted.sidecar.moments import Moment

Stage = Literal["none", "starting", "ready", "ending"]
WhenGone = Literal["", "reset", "hide", "remove"]
"""What becomes of the chat as soon as it has no process: the next thing goes on by default."""
RequestKind = Literal["start", "prompt", "steer", "abort", "configure", "compact"]


class Pending(Data, frozen=True):
    """A request the sidecar has not answered yet."""

    kind: RequestKind
    turn_id: TurnId | None = None


class Call(Data, frozen=True):
    """A call of a tool that is open. Nothing that it starts is older than `since`: when it was
    allowed, and until then, for an agent that does not ask, when it was opened."""

    since: Moment
    allowed: bool = False


class Agent(Data, frozen=True):
    """The sidecar of a chat and what is under way with it. Stored beside the chat's state.

    `session_path` outlives the sidecar: the next one goes on from it. `note` is told to the
    model with the next prompt.
    """

    sidecar_id: SidecarId | None = None
    keeper_pid: int | None = None
    stage: Stage = "none"
    hello: Hello | None = None
    input_n: int = 0
    requests: dict[int, Pending] = {}
    steers: list[TurnId] = []
    """Sent into the running turn and not yet taken by the model."""
    groups: dict[int, str] = {}
    """Process groups of running commands, and their items."""
    calls: dict[ItemId, Call] = {}
    diffs: list[PermissionId] = []
    """Requests whose whole diff is still to come."""
    stopping: bool = False
    end_why: str = ""
    """Why we end the sidecar, while its end is under way."""
    next_turns: list[TurnId] = []
    """Messages that came while the chat was stopping: they go as soon as it has stopped, and the
    queue after them, although a stop pauses it."""
    used: Usage | None = None
    """By the running turn so far."""
    compact_next: str | None = None
    """Instructions of a compaction that waits for the turn's end."""
    endpoint: Endpoint | None = None
    """Where the process was told that the model is served."""
    session_path: str = ""
    note: str = ""
    when_gone: WhenGone = ""
    failure: str = ""
    """Why the chat is failed, until the next message."""
    start_error: LineError | None = None
    refusals: dict[int, LineError] = {}
    """Refused requests whose asker has not taken note yet."""
    trusted: bool = False
    """Whether the sidecar was told that the project is trusted."""
    instruction_files: bool = True
    """Whether it was told to use AGENTS.md and CLAUDE.md."""
    unasked: list[str] = []
    """Which tools of its service it was told to give to its model."""
    commands: list[CommandRow] = []
    """Of the agent's own, as its last process told them."""
    model_by_default: bool = False
    """Whether the chat's model is the default that was set then, and nobody's choice for it."""
    crashes: int = 0
    """Unexpected ends in a row."""
    crashed_at: str = ""

    def without_sidecar(self) -> "Agent":
        """After its end: what concerns the chat stays."""
        return replace(
            self,
            sidecar_id=None,
            keeper_pid=None,
            stage="none",
            hello=None,
            input_n=0,
            endpoint=None,
            requests={},
            steers=[],
            groups={},
            calls={},
            diffs=[],
            stopping=False,
            end_why="",
        )

    def call_opened(self, item_id: ItemId, at: Moment) -> "Agent":
        return replace(self, calls={**self.calls, item_id: Call(at)})

    def call_allowed(self, item_id: ItemId, at: Moment) -> "Agent":
        """One that asks again has started something already."""
        known = self.calls.get(item_id)
        if known is None or known.allowed:
            return self
        return replace(self, calls={**self.calls, item_id: Call(at, allowed=True)})

    def call_ended(self, item_id: ItemId) -> "Agent":
        if item_id not in self.calls:
            return self
        return replace(self, calls={one: at for one, at in self.calls.items() if one != item_id})

    def without_diff(self, permission_id: PermissionId) -> "Agent":
        """It is there, or does not come any more."""
        return replace(self, diffs=[one for one in self.diffs if one != permission_id])

    def asked(self, n: int, pending: Pending) -> "Agent":
        return replace(self, requests={**self.requests, n: pending})

    def answered(self, n: int) -> "Agent":
        rest = {number: pending for number, pending in self.requests.items() if number != n}
        return replace(self, requests=rest)
