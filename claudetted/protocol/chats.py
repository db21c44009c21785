"""Owns chats: the conversation with one agent in one directory."""

from typing import Annotated, Literal

import msgspec

from claudetted.protocol.backends import FIRST
from claudetted.protocol.base import ChatId, Data, Params, SidecarId
from claudetted.protocol.harnesses import Capabilities
from claudetted.protocol.items import Item
from claudetted.protocol.permissions import Level, Permission
from claudetted.protocol.questions import Question
from claudetted.protocol.queue import QueueEntry
from claudetted.protocol.turns import Key, Turn, Usage

StatusName = Literal["idle", "running", "waiting", "compacting", "stopping", "failed"]
Thinking = Literal["off", "minimal", "low", "medium", "high", "xhigh", "max"]
Title = Annotated[str, msgspec.Meta(max_length=200)]
AttentionWhy = Literal["permission", "question", "ended", "failed"]


class Status(Data, frozen=True):
    """What the chat is doing, and why."""

    name: StatusName
    why: str = ""


class Context(Data, frozen=True):
    """How full the model's context is, in tokens. Null when nobody knows yet."""

    used: int | None = None
    window: int | None = None


class SidecarInfo(Data, frozen=True):
    """The process that runs the agent now."""

    id: SidecarId
    harness: str
    harness_version: str = ""
    agent_version: str = ""
    session_path: str = ""
    pid: int | None = None


class Chat(Data, frozen=True):
    """A chat as every client sees it.

    `cwd` is the chosen directory, `workspace` the repository root above it (or `cwd`).
    """

    id: ChatId
    cwd: str
    workspace: str
    title: str
    harness: str
    level: Level
    status: Status
    created_at: str
    updated_at: str
    title_source: Literal["auto", "person"] = "auto"
    backend: str = FIRST
    """Who serves the model: Pi's own providers, or a server of the user's."""
    model: str | None = None
    """`provider/model`; null lets the harness choose its default."""
    model_used: str = ""
    """The model the harness really uses."""
    thinking: Thinking | None = None
    attention: list[AttentionWhy] = []
    context: Context = Context()
    totals: Usage = Usage()
    """Summed over the chat's ended turns and the compactions between them."""
    queue_length: int = 0
    open_permissions: int = 0
    open_questions: int = 0
    archived_at: str = ""
    capabilities: Capabilities = Capabilities()
    """What the chat's agent can do."""


class CreateParams(Params, frozen=True):
    """Opens a chat in a directory. With `model` the harness is asked whether it exists. `harness`,
    `model`, `backend`, `level` and `thinking` need the right `configure`.

    `env` is the client's environment for the agent: PATH, VIRTUAL_ENV, locale, SSH_AUTH_SOCK. It
    counts only with the right `administer`: it can make commands run any program.
    """

    cwd: str
    title: Title | None = None
    harness: str = ""
    """Which agent; without one the backend's runtime is it."""
    model: str | None = None
    backend: str | None = None
    """Without `model`: with the backend's default one."""
    level: Level | None = None
    thinking: Thinking | None = None
    env: dict[str, str] = {}
    broad: bool = False
    """Consent to work in `/` or the home directory itself."""
    key: Key | None = None


class ChatParams(Params, frozen=True):
    chat_id: ChatId


class ChatResult(Data, frozen=True):
    chat: Chat


class ListParams(Params, frozen=True):
    """Pages through the chats, the last used first."""

    cursor: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    archived: bool = False
    """List the archived chats instead of the others."""


class ListResult(Data, frozen=True):
    chats: list[Chat] = []
    cursor: str | None = None
    """Null on the last page."""


class HistoryParams(Params, frozen=True):
    """Pages backwards through a transcript: the last items first page, each page in order."""

    chat_id: ChatId
    cursor: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    hidden: bool = False
    """Include what a reset has hidden."""


class HistoryResult(Data, frozen=True):
    """Items in transcript order; `cursor` leads to the items before them."""

    items: list[Item] = []
    cursor: str | None = None


class RenameParams(Params, frozen=True):
    chat_id: ChatId
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ResetParams(Params, frozen=True):
    """A fresh session for the agent. The history stays and is marked, or is hidden."""

    chat_id: ChatId
    hide: bool = False


class ConfigureParams(Params, frozen=True):
    """Changes what is named and leaves the rest.

    `cwd` points the chat at another directory, or at its own where that is now: the workspace is
    found anew, the conversation goes on there. Rules, settings and trust of the old workspace stay
    with that. `broad` as in `chat/create`.
    """

    chat_id: ChatId
    model: str | None = None
    backend: str | None = None
    level: Level | None = None
    thinking: Thinking | None = None
    harness: str = ""
    """A chat keeps its agent: another one than it has is refused."""
    cwd: str | None = None
    broad: bool = False


class TracesResult(Data, frozen=True):
    """What the agent's own program keeps of a chat in its own history: files and directories, or
    the names of sessions where only the agent knows the place."""

    paths: list[str] = []
    sessions: list[str] = []


class EraseResult(Data, frozen=True):
    """What the agent's own program still keeps although it was to be removed, and why."""

    kept: list[str] = []
    problem: str = ""


class CompactParams(Params, frozen=True):
    """Summarises the older part of the conversation, after the running turn if one runs."""

    chat_id: ChatId
    instructions: str = ""


class EnvironmentParams(Params, frozen=True):
    """Shows the environment the agent's commands run in; `env` replaces the client's part,
    which needs the right `administer`."""

    chat_id: ChatId
    env: dict[str, str] | None = None


class EnvironmentResult(Data, frozen=True):
    """Names and values; values that look secret are shown as their length."""

    env: dict[str, str] = {}


class Snapshot(Data, frozen=True):
    """Everything a client needs to show a chat at `seq`. Events go on at `seq` + 1.

    `items` is the last page of closed items, `open` the items that still grow with their text
    so far, `cursor` resumes a later subscription here, `history` pages to older items.
    """

    chat: Chat
    seq: int
    cursor: str
    turn: Turn | None = None
    items: list[Item] = []
    history: str | None = None
    open: list[Item] = []
    permissions: list[Permission] = []
    questions: list[Question] = []
    queue: list[QueueEntry] = []
    queue_paused: bool = False
    sidecar: SidecarInfo | None = None
