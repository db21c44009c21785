"""Owns what concerns the daemon itself: greeting, status, shutdown."""

from typing import Literal

from claudetted.protocol.base import Data, Params
from claudetted.protocol.remote import Remote
from claudetted.protocol.rights import Limits, Right

ClientKind = Literal["cli", "editor", "browser", "script", "test", "other"]


class HelloParams(Params, frozen=True):
    """Who is calling. Optional: a client that does not greet is `anonymous`."""

    name: str
    kind: ClientKind = "other"
    version: str = ""
    limits: Limits = Limits()
    """For a client that others drive, such as an editor that approves by itself."""


class HelloResult(Data, frozen=True):
    """Who answers. `level` is the protocol level; `instance` is new at every start; `rights`
    is what this connection may do."""

    level: int
    version: str
    instance: str
    pid: int
    features: list[str] = []
    rights: list[Right] = []


class Connected(Data, frozen=True):
    """A client that is connected now. `name` and `kind` are what it says of itself."""

    label: str
    """Which process or device it is."""
    name: str
    kind: ClientKind
    right: Right


class StatusResult(Data, frozen=True):
    """The daemon's status. Times are RFC 3339 UTC, sizes in bytes."""

    version: str
    instance: str
    pid: int
    started_at: str
    data_dir: str
    socket: str
    chats: int = 0
    loaded_chats: int = 0
    sidecars: int = 0
    clients: int = 0
    open_permissions: int = 0
    journal_bytes: int = 0
    keeper_pid: int | None = None
    memory: int = 0
    """The daemon's resident set."""
    descriptors: int = 0
    """Files and sockets the daemon has open."""
    queued_messages: int = 0
    """Messages that wait in loaded chats."""
    writes_waiting: int = 0
    """Steps of chats that wait for the disk."""
    lag: int = 0
    """Bytes that the slowest client has not taken yet."""
    box: str = ""
    """What confines commands that run unasked; empty where nothing does."""
    box_missing: str = ""
    """Why nothing does, and what to install."""
    login_shell: str = ""
    """Why the environment of the login shell is not known, so that agents start from the daemon's
    own; empty when it is."""
    remote: Remote | None = None
    """The door for browsers and other machines; null while it is disabled."""
    connected: list[Connected] = []


class DiagnoseResult(Data, frozen=True):
    """What the daemon sees of its surroundings, which may be less than a terminal does."""

    keychain: str = ""
    """Where private keys are kept: the name of the keychain, or `file`."""
    keychain_missing: str = ""
    """Why they cannot be kept there, and what to do; empty when they can."""
    path: str = ""
    """Where an agent's commands are looked for, before what its client brings."""
    proxies: list[str] = []
    """The variables about proxies and certificates that requests go by; no values."""
    free_bytes: int = 0
    """Left on the disk of the data directory."""


class ShutdownParams(Params, frozen=True):
    """Ends the daemon in order: clients, chats, disk.

    `agents` also ends the keeper and with it every running agent; otherwise agents go on and the
    next daemon finds them.
    """

    agents: bool = False
