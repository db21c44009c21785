"""Owns the lines between the daemon and a sidecar: one JSON object a line, `\\n` between.

The daemon writes `ToSidecar` on the sidecar's stdin and reads `FromSidecar` on its stdout.
A sidecar of our own speaks these lines itself; a foreign one is translated in
`claudetted/harnesses/<kind>`. The harness's TypeScript types are generated from here.

Order a sidecar keeps: `hello` first; an item's `open` before its deltas, its `close` last; the
items of a turn closed before its `turn.end`; a `group` before any output of its command.
Item, ask and group names are chosen by the sidecar and unique in its life.
A line over 1 MiB is sent as `part` lines.
"""

from typing import Any, Literal

import msgspec

from claudetted.protocol.asking import (
    Ask as Ask,
    AskDiff as AskDiff,
    AskWithdrawn as AskWithdrawn,
    Decide as Decide,
    Inform as Inform,
    Inquiry as Inquiry,
    InquiryWithdrawn as InquiryWithdrawn,
)
from claudetted.protocol.base import Line
from claudetted.protocol.endpoints import Endpoint as Endpoint
from claudetted.protocol.harnesses import Capabilities as Capabilities
from claudetted.protocol.inspecting import (
    Forget as Forget,
    Inspect as Inspect,
    Inspected as Inspected,
)
from claudetted.protocol.items import NoticeKind
from claudetted.protocol.offering import (
    CommandList as CommandList,
    CommandRow as CommandRow,
    Commands as Commands,
)
from claudetted.protocol.permissions import Level
from claudetted.protocol.prompting import ImageFile as ImageFile, Prompt as Prompt, Steer as Steer
from claudetted.protocol.signing import (
    Cleared as Cleared,
    ClearKey as ClearKey,
    Credentials as Credentials,
    CredentialsWanted as CredentialsWanted,
    KeyInUse as KeyInUse,
    KeyWanted as KeyWanted,
    LoginAnswer as LoginAnswer,
    LoginCancel as LoginCancel,
    LoginEvent as LoginEvent,
    LoginOption as LoginOption,
    LoginStart as LoginStart,
    Origin as Origin,
    ProviderList as ProviderList,
    ProviderRow as ProviderRow,
    Providers as Providers,
    Record as Record,
    StoreKey as StoreKey,
)
from claudetted.protocol.turns import Incomplete, Usage

Trigger = Literal["manual", "threshold", "overflow"]
PART_BYTES = 512 * 1024


class Start(Line, tag="start", frozen=True):
    """Opens the session: a new one in `sessionDir`, or the one stored at `sessionPath`.

    `cwd` is the workspace the agent works in, `tempDir` a private directory of the chat for the
    outputs of commands. Answered by `reply` with a `Started`. A session path that cannot be
    opened is an error, never a fresh session.
    """

    id: int
    chat: str
    cwd: str
    session_dir: str
    temp_dir: str
    session_path: str = ""
    model: str = ""
    thinking: str = ""
    level: Level = "standard"
    trusted: bool = False
    """Whether prompts, skills and system prompts of the project may be used."""
    instruction_files: bool = True
    """Whether AGENTS.md, CLAUDE.md and their like may be used, of the workspace and of the
    directories above it. The user's own, in the agent's directory, always are."""
    endpoint: Endpoint | None = None
    """Where `model` is served, when the agent does not know that by itself."""
    output_bytes: int = 0
    """How much of a command's output is kept, its head and its tail; 0 for the sidecar's own."""
    unasked: list[str] = []
    """Which tools that its service runs, and nobody can be asked about, would run unasked. The
    model is given those alone."""


class Abort(Line, tag="abort", frozen=True):
    """Ends the running turn or compaction: model call, commands, open asks. The turn ends with
    reason `stopped`; queued steers are forgotten. Answered when the agent is idle."""

    id: int


class Configure(Line, tag="configure", frozen=True):
    """Changes what is given, from the agent's next step on."""

    id: int
    model: str = ""
    thinking: str = ""
    level: Level | Literal[""] = ""
    trusted: bool | None = None
    instruction_files: bool | None = None
    endpoint: Endpoint | None = None
    """Goes with `model`, as in `start`."""
    unasked: list[str] | None = None
    """As in `start`, from the next turn on."""


class Environment(Line, tag="environment", frozen=True):
    """What has changed of the client's environment: the next command has it. An empty value takes
    a variable away."""

    env: dict[str, str]


class Compact(Line, tag="compact", frozen=True):
    """Compacts the idle session; `compaction.start` and `compaction.end` tell of it."""

    id: int
    instructions: str = ""


class Models(Line, tag="models", frozen=True):
    """Lists the models that could be used now; answered with a `ModelList`."""

    id: int


class Dispose(Line, tag="dispose", frozen=True):
    """Aborts what runs, closes the session and exits with 0."""

    id: int


ToSidecar = (
    Start
    | Prompt
    | Steer
    | Abort
    | Decide
    | Inform
    | Configure
    | Environment
    | Compact
    | Models
    | Commands
    | Providers
    | StoreKey
    | ClearKey
    | KeyWanted
    | LoginStart
    | LoginAnswer
    | LoginCancel
    | Credentials
    | Inspect
    | Forget
    | Dispose
)


class Started(Record, frozen=True):
    """Result of `start`."""

    session_path: str
    model: str
    thinking: str = ""
    context_window: int | None = None
    context_used: int | None = None
    resources: list[str] = []
    """What of the project is left aside because it is not trusted."""
    instruction_files: list[str] = []
    """The project's instruction files that are used."""
    commands: list[CommandRow] = []
    """The commands of the agent's own, where nothing else lists them."""


class ModelRow(Record, frozen=True):
    """One usable model. `id` is `provider/model`."""

    id: str
    provider: str
    name: str
    context_window: int | None = None
    provider_name: str = ""
    images: bool | None = None
    """Whether it takes images; null when that is not known."""


class ModelList(Record, frozen=True):
    """`trouble` says why models may be missing."""

    models: list[ModelRow] = []
    trouble: str = ""


class LineError(Record, frozen=True):
    """Why a request failed. `name` is a fault of the protocol or `NotRunning`."""

    name: str
    message: str
    data: dict[str, Any] = {}


class Hello(Line, tag="hello", frozen=True):
    """First line of every sidecar, and said again when its agent turns out to be able to do more
    or less. `level` is the line level it speaks."""

    level: int
    harness: str
    version: str
    agent_version: str
    pid: int = 0
    capabilities: Capabilities | None = None
    """What the agent can do, where that is other than its record says."""
    boxed: bool = False
    """It starts commands behind the words of a `decide`, so that the kernel confines them."""
    as_is: bool = False
    """Its agent runs commands itself, as it asked for them: nothing that a `decide` adds to one
    reaches it."""
    commands: list[CommandRow] | None = None
    """The agent's own, where they are known now and were not when the session began."""
    drives: bool = False
    """Its agent is a program of its own, which this process has started and speaks for."""


class Reply(Line, tag="reply", frozen=True):
    """Answers the request with this id."""

    id: int
    error: LineError | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")


class ToolInfo(Record, frozen=True):
    """What is known of a tool call so far. `input` is JSON."""

    name: str
    input: msgspec.Raw = msgspec.Raw(b"{}")
    title: str = ""
    phase: Literal["writing", "asking", "running", "ended"] = "writing"
    exit_code: int | None = None
    diff: str = ""
    error: str = ""
    truncated: bool = False


class ItemOpen(Line, tag="item.open", frozen=True):
    """`parent` is the tool call whose own agent this is of; it may have ended before."""

    item: str
    kind: Literal["message", "reasoning", "tool"]
    tool: ToolInfo | None = None
    model: str = ""
    parent: str = ""


class ItemDelta(Line, tag="item.delta", frozen=True):
    item: str
    text: str


class ItemChange(Line, tag="item.change", frozen=True):
    """The tool call as it is known now."""

    item: str
    tool: ToolInfo


class ItemClose(Line, tag="item.close", frozen=True):
    """Ends an item. `text` replaces what the deltas built when it is given; `discarded` withdraws
    the deltas of a failed attempt."""

    item: str
    status: Literal["done", "failed", "stopped", "discarded"] = "done"
    text: str | None = None
    tool: ToolInfo | None = None


class SteerTaken(Line, tag="steer.taken", frozen=True):
    turn: str


class TurnEnd(Line, tag="turn.end", frozen=True):
    """The agent has settled. `error` is one plain sentence when `reason` is `failed`."""

    turn: str
    reason: Literal["done", "stopped", "failed"]
    error: str = ""
    usage: Usage | None = None
    incomplete: Incomplete = ""
    """What the last answer lacks of a turn that is `done`; a notice says so, too."""


class UsedSoFar(Line, tag="usage", frozen=True):
    """What the running turn has used so far, after each of its model calls: it counts even if the
    turn never says its end."""

    usage: Usage


class ContextUsed(Line, tag="context", frozen=True):
    """How full the context is at the end of a turn. Null when nobody knows."""

    used: int | None = None
    window: int | None = None


class Notice(Line, tag="notice", frozen=True):
    kind: NoticeKind
    text: str


class CompactionStart(Line, tag="compaction.start", frozen=True):
    trigger: Trigger


class CompactionEnd(Line, tag="compaction.end", frozen=True):
    """`usage` is what one outside of a turn took; within a turn it is in the turn's."""

    trigger: Trigger
    ok: bool
    before: int | None = None
    after: int | None = None
    duration_ms: int = 0
    error: str = ""
    usage: Usage | None = None


class Group(Line, tag="group", frozen=True):
    """A command runs in a process group of its own: so that it can be ended without us."""

    pgid: int
    item: str


class GroupEnd(Line, tag="group.end", frozen=True):
    pgid: int


class Part(Line, tag="part", frozen=True):
    """A piece of a line over 1 MiB: the text of the parts, joined, is the line."""

    text: str
    last: bool = False


FromSidecar = (
    Hello
    | CredentialsWanted
    | LoginEvent
    | Reply
    | ItemOpen
    | ItemDelta
    | ItemChange
    | ItemClose
    | Ask
    | AskDiff
    | AskWithdrawn
    | Inquiry
    | InquiryWithdrawn
    | SteerTaken
    | TurnEnd
    | UsedSoFar
    | ContextUsed
    | Notice
    | CompactionStart
    | CompactionEnd
    | Group
    | GroupEnd
    | Part
)
