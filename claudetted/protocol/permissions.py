"""Owns permissions: a request to run something, and the decision on it."""

from typing import Annotated, Literal

import msgspec

from claudetted.protocol.base import ChatId, Data, ItemId, Params, PermissionId, TurnId
from claudetted.protocol.rules import Effect, Rule, RuleId
from claudetted.protocol.turns import Key

Level = Literal["readonly", "standard", "full"]
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
    """Unified diff against what is on disk now, cut at 64 KiB."""
    input: str = ""
    """The arguments as JSON for a tool we know nothing about, cut at 64 KiB."""
    reason: str = ""
    """Why it asks, in words for a person."""


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


class ListParams(Params, frozen=True):
    """Open permissions of one chat, or of all."""

    chat_id: ChatId | None = None


class ListResult(Data, frozen=True):
    permissions: list[Permission] = []


class DecideParams(Params, frozen=True):
    """Decides one request. `reason` reaches the model on deny. `digest` guards against having
    read other arguments than those that would run."""

    permission_id: PermissionId
    decision: Decision
    scope: Scope = "once"
    reason: str = ""
    digest: str = ""
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
