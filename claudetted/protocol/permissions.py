"""Owns permissions: a request to run something, and the decision on it."""

from typing import Annotated, Literal

import msgspec

from claudetted.protocol.base import ChatId, Data, ItemId, Params, PermissionId, TurnId
from claudetted.protocol.rules import Effect, Rule, RuleId
from claudetted.protocol.turns import Key

Level = Literal["readonly", "standard", "confined", "full"]
Access = Literal["read", "list", "search", "write", "edit", "run", "fetch", "unknown"]
"""What a tool call does to the world, as its harness declares it."""

Decision = Literal["allow", "deny"]
Outcome = Literal["allow", "deny", "withdrawn", "lost"]
Scope = Literal["once", "turn", "chat", "workspace", "user"]
"""For how long a decision stands; all but `once` leave a rule behind."""


class Request(Data, frozen=True):
    """What would run, exactly: the command and where, or the paths and the change.

    `digest` is over the final arguments and resolved paths; what is approved is what runs.
    """

    tool: str
    access: Access
    digest: str
    command: str = ""
    cwd: str = ""
    paths: list[str] = []
    """Real, absolute paths that the call touches."""
    hosts: list[str] = []
    """Names of the hosts that the call contacts, where its harness knows them."""
    diff: str = ""
    """Unified diff against what is on disk now: whole lines, at most 64 KiB of them."""
    diff_bytes: int = 0
    """Length of the whole diff in bytes when `diff` is cut; `permission/get` has the rest."""
    input: str = ""
    """The arguments as JSON for a tool we know nothing about, cut at 64 KiB."""
    input_bytes: int = 0
    """Length of the whole arguments in bytes when `input` is cut."""
    encoding: str = ""
    """The encoding of the file that is changed, when it is not UTF-8."""
    reason: str = ""
    """Why it asks, in words for a person."""
    outside: bool = False
    """A command that failed in its box would run without one."""

    @property
    def cut(self) -> bool:
        """Whether it is more than is in here. Commands, paths and hosts are always whole."""
        return bool(self.diff_bytes or self.input_bytes)


RequestField = Literal["diff", "input", "command"]


class Confinement(Data, frozen=True):
    """What holds a command that runs although nobody was asked about it.

    Paths are absolute and real. A command that a person approved has none: it runs as the person
    would run it.
    """

    environment: dict[str, str] = {}
    """Added to the command's environment."""
    boxed: bool = False
    """The kernel holds it to the rest; without, only the environment is added."""
    writable: list[str] | None = None
    """Directories that it may write in, and files that it may write; null is everywhere."""
    readonly: list[str] = []
    """What it may only read, inside of what is writable."""
    hidden: list[str] = []
    """Files and directories that it can neither read nor write."""
    shown: list[str] = []
    """Directories inside of hidden ones that are not hidden."""
    network: bool = False


class Permission(Data, frozen=True):
    """One request that waits, or how it ended."""

    id: PermissionId
    chat_id: ChatId
    item_id: ItemId
    request: Request
    opened_at: str
    turn_id: TurnId | None = None
    supersedes: PermissionId | None = None
    """The earlier request this one replaces because the files changed meanwhile."""
    why: str = ""
    """Why the daemon asks, in words for a person."""
    rule: Rule | None = None
    """The rule that asks. It can be edited; a wider scope would not silence it."""
    suggested: list[Rule] = []
    """The rules that together would have allowed the call."""
    scopes: list[Scope] = []
    """For how long an allow can be given; empty means `once`."""


class Resolution(Data, frozen=True):
    """How a permission ended, and who decided."""

    outcome: Outcome
    by: str
    """The client's name and kind, or `daemon`."""
    reason: str = ""
    scope: Scope = "once"
    rule_id: RuleId | None = None
    """The rule that decided, or the one that the decision left behind."""
    confinement: Confinement | None = None
    """What holds a command that the daemon allowed by itself."""


class ListParams(Params, frozen=True):
    """Open permissions of one chat, or of all."""

    chat_id: ChatId | None = None


class ListResult(Data, frozen=True):
    permissions: list[Permission] = []


class GetParams(Params, frozen=True):
    """Reads one field of a request whole, piece by piece. Offsets and limits are in UTF-8 bytes."""

    permission_id: PermissionId
    field: RequestField = "diff"
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1)] = 256 * 1024


class GetResult(Data, frozen=True):
    """The request, and a piece of the asked field that starts at `offset`."""

    permission_id: PermissionId
    request: Request
    text: str
    offset: int
    available: int
    """How much of the field can be read, in bytes."""
    total: int
    """Length of the whole field in bytes. More than `available` for a diff over 4 MiB."""


class DecideParams(Params, frozen=True):
    """Decides one request. `reason` reaches the model on deny. `digest` guards against having
    read other arguments than those that would run.

    A request that is cut (`diffBytes` or `inputBytes` is set) is allowed only with `seenWhole`:
    whoever decides has read the rest with `permission/get`, or answers for not having read it.
    To allow with another scope than `once` needs the right `configure`.
    """

    permission_id: PermissionId
    decision: Decision
    scope: Scope = "once"
    reason: str = ""
    digest: str = ""
    seen_whole: bool = False
    key: Key | None = None


class DecideResult(Data, frozen=True):
    permission_id: PermissionId
    resolution: Resolution
    recorded: bool = True
    """False for a deny on a full disk: the agent was told, nobody else can decide any more, and
    all are told once the disk takes it. A daemon that dies before that may show it open again."""


class AuditParams(Params, frozen=True):
    """Pages through the record of decisions, the newest first; every filter given must hold.

    `path` is found anywhere in the request's paths or command; `since` and `until` are RFC 3339.
    """

    chat_id: ChatId | None = None
    tool: str | None = None
    path: str | None = None
    since: str | None = None
    until: str | None = None
    cursor: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class Decided(Data, frozen=True):
    """One decision on record. `request` is gone when its chat was deleted."""

    permission_id: PermissionId
    chat_id: ChatId
    tool: str
    digest: str
    opened_at: str
    automatic: bool
    """Nobody was asked."""
    outcome: Outcome | None = None
    """Null while it waits."""
    resolved_at: str = ""
    by: str = ""
    reason: str = ""
    scope: Scope = "once"
    rule: str = ""
    """The text of the rule that decided, or that the decision left behind."""
    confined: bool = False
    """It ran in a box."""
    request: Request | None = None


class AuditResult(Data, frozen=True):
    decisions: list[Decided] = []
    cursor: str | None = None


class ExplainParams(Params, frozen=True):
    """Why an open permission asks; or what would happen to a call that was not made.

    Give `permissionId`, or a chat and a command, or a chat, a tool with its access and paths.
    """

    permission_id: PermissionId | None = None
    chat_id: ChatId | None = None
    tool: str = "bash"
    access: Access = "run"
    command: str = ""
    paths: list[str] = []
    hosts: list[str] = []


class Step(Data, frozen=True):
    """One thing that was weighed: a rule, or a part of the call, and what came of it."""

    about: str
    """The rule, the part of the command or the path, as text."""
    effect: Effect
    why: str
    rule: Rule | None = None


class ExplainResult(Data, frozen=True):
    effect: Effect
    why: str
    rule: Rule | None = None
    suggested: list[Rule] = []
    scopes: list[Scope] = []
    steps: list[Step] = []
