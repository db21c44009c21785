"""Owns harnesses: the kinds of agents, what each can do, and what it needs to run."""

from typing import Annotated, Literal

import msgspec

from claudetted.protocol.base import ChatId, Data, Params

AgentName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$")]
"""What the user calls an agent of their own."""

Sealed = Literal["bytes", "call", "none"]
"""What an approval covers: the very bytes that run or are written, the call as the agent names
it, or nothing that the daemon could check."""


class Capabilities(Data, frozen=True):
    """What an agent can do. What it cannot is `NotSupported` when it is asked for."""

    steer: bool = True
    """A message reaches the model in mid-turn."""
    compact: bool = True
    """A person can have the conversation summarised."""
    thinking: bool = True
    """The effort of the model can be set."""
    models: bool = True
    """It lists the models that can be used, and can change to one of them."""
    images: bool = False
    """A message may hold images."""
    commands: bool = True
    """It has slash commands of its own."""
    sign_in: bool = True
    """Sign-ins go through the daemon. Otherwise the agent's own program keeps them."""
    asks: bool = True
    """It asks before each call. One that does not runs at the level full only."""
    sealed: Sealed = "bytes"


class Harness(Data, frozen=True):
    """One kind of agent, on this machine."""

    id: str
    name: str
    capabilities: Capabilities
    missing: str = ""
    """Why it cannot run here, and what to do about it; empty when it can."""
    tested: str = ""
    """The versions of its program that were tested."""
    sign_in: str = ""
    """How a person signs in with its own program."""
    command: list[str] = []
    """What starts it, for an agent that was added."""
    like: str = ""
    """Which agent of the table of known ones it is; empty when it is none of them."""


class Added(Data, frozen=True):
    """An agent that speaks the Agent Client Protocol, as it is kept in the settings."""

    command: Annotated[list[str], msgspec.Meta(min_length=1)]
    like: str = ""


class AddParams(Params, frozen=True):
    """Adds an agent that speaks the Agent Client Protocol, or changes how one is started.

    `like` names the known agent that it is, where the command does not show it.
    """

    name: AgentName
    command: Annotated[list[str], msgspec.Meta(min_length=1)]
    like: str = ""


class HarnessResult(Data, frozen=True):
    harness: Harness


class NameParams(Params, frozen=True):
    name: str


class TestParams(Params, frozen=True):
    """`env` is the client's environment, as in `chat/create`: the agent is started with it."""

    name: str
    env: dict[str, str] = {}


class RemoveResult(Data, frozen=True):
    """`chats` are those that can go on no more until there is an agent of this name again."""

    chats: list[ChatId] = []


class TestResult(Data, frozen=True):
    """What an agent says of itself. `message` is one sentence: that it works, or what to do."""

    harness: Harness
    ok: bool
    message: str
    calls_itself: str = ""
    version: str = ""
    signed_in: bool = True
    modes: list[str] = []
    mode: str = ""
    """The one in which claudetted runs it; empty when it has none."""
    models: list[str] = []


class ListResult(Data, frozen=True):
    harnesses: list[Harness] = []
