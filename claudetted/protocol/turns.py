"""Owns turns: one prompt until the agent has settled."""

from typing import Annotated, Literal

import msgspec

from claudetted.protocol.base import ChatId, Data, Params, TurnId
from claudetted.protocol.images import Image, NewImage

EndReason = Literal["done", "stopped", "failed", "lost"]
TurnState = Literal["queued", "running", "ended", "removed"]
When = Literal["auto", "queue", "steer"]
Incomplete = Literal["", "length", "empty", "reasoning"]
"""What the last answer of a turn lacks: it was cut off at the model's limit, there is none, or
there is nothing but reasoning."""
Text = Annotated[str, msgspec.Meta(min_length=0)]
"""Level 1 began with a least length, and a bound may fall and not go."""
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Usage(Data, frozen=True):
    """Tokens of one turn or of several, summed over all model calls, and their price in USD.

    What a failed attempt used counts where the provider reported it. `costUsd` is null when
    nobody knows it, and for models of the user's own machine. `costSource` is `provider` when all
    of it is what the providers reported, and `catalogue` when some is reckoned by a price list.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    cost_usd: float | None = None
    cost_source: Literal["provider", "catalogue"] | None = None


class Turn(Data, frozen=True):
    """A turn as it stands. Times are RFC 3339 UTC; `durationMs` runs from start to end."""

    id: TurnId
    chat_id: ChatId
    state: TurnState
    when: When = "auto"
    queued_at: str = ""
    started_at: str = ""
    ended_at: str = ""
    reason: EndReason | None = None
    error: str = ""
    usage: Usage | None = None
    duration_ms: int = 0
    expand: bool = False
    """The prompt is a command of the agent's own, which it expands."""
    steers: TurnId | None = None
    """The running turn this message was delivered into, when it steered."""
    incomplete: Incomplete = ""
    """Why a turn that is `done` has no whole answer: `length`, `empty` or `reasoning`."""
    images: list[Image] = []
    """Those of its message."""


class SendParams(Params, frozen=True):
    """Sends a message. While a turn runs, `auto` and `queue` wait; `steer` goes in at once.

    A text that begins with a slash and a word of `command/list` is a command and is carried out. So
    is what looks like one, and is refused when there is none of that name. Anything else that
    begins with a slash, such as a path, is a message.

    A message holds text, images or both. With images it needs an agent whose `capabilities` have
    `images`, and a model that takes them.
    """

    chat_id: ChatId
    text: Text
    """Empty only beside images."""
    images: list[NewImage] = []
    when: When = "auto"
    literal: bool = False
    """Take the text as a message, whatever it begins with."""
    env: dict[str, str] = {}
    """What the client carries of its environment, such as SSH_AUTH_SOCK: the agent's next command
    has it. An empty value takes a variable away; what is not named stays. It counts only with the
    right `administer`."""
    key: Key | None = None


class SendResult(Data, frozen=True):
    """`turnId` names the message from now on, also while it is queued.

    A command of ours that begins no turn has the state `command`; `command` is its name and `text`
    what it answered, which the transcript tells everybody else.
    """

    turn_id: TurnId | None
    state: Literal["running", "queued", "steering", "command"]
    command: str = ""
    text: str = ""


class StopParams(Params, frozen=True):
    chat_id: ChatId


class StopResult(Data, frozen=True):
    """`stopped` is false when nothing ran."""

    stopped: bool
    turn_id: TurnId | None = None


class WaitParams(Params, frozen=True):
    """Waits until the turn ends, or until something waits for a person if `orAsked`."""

    chat_id: ChatId
    turn_id: TurnId | None = None
    """When absent the last turn of the chat, or the one that it was taken into."""
    or_asked: bool = False


class WaitResult(Data, frozen=True):
    """The turn; `asked` counts the permissions and the questions of its agent that wait when it has
    not ended."""

    turn: Turn
    asked: int = 0


class RetryParams(Params, frozen=True):
    """Sends the prompt of the last turn that failed, was lost or was stopped again."""

    chat_id: ChatId
    key: Key | None = None
