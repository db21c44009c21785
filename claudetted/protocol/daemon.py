"""Owns what concerns the daemon itself: greeting, status, shutdown."""

from typing import Literal

from claudetted.protocol.base import Data, Params

ClientKind = Literal["cli", "editor", "browser", "script", "test", "other"]


class HelloParams(Params, frozen=True):
    """Who is calling. Optional: a client that does not greet is `anonymous`."""

    name: str
    kind: ClientKind = "other"
    version: str = ""


class HelloResult(Data, frozen=True):
    """Who answers. `level` is the protocol level; `instance` is new at every start."""

    level: int
    version: str
    instance: str
    pid: int
    features: list[str] = []


class StatusResult(Data, frozen=True):
    """How the daemon is. Times are RFC 3339 UTC, sizes in bytes."""

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


class ShutdownParams(Params, frozen=True):
    """Ends the daemon in order: clients, chats, disk.

    `agents` also ends the keeper and with it every running agent; otherwise agents go on and the
    next daemon finds them.
    """

    agents: bool = False
