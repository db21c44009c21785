"""Owns processes: what runs for which chat, how large it is, and why it is alive."""

from typing import Literal

from claudetted.protocol.base import ChatId, Data, Params

ProcessKind = Literal["daemon", "keeper", "control", "sidecar", "job"]
"""`control` is the agent's program for no chat: it looks up providers and models, and signs in."""


class Process(Data, frozen=True):
    """One process. Memory is its resident set in bytes, `cpu` the processor time it has used in
    seconds; a job was started by an agent's command and outlived it, or belongs to a command that
    runs."""

    pid: int
    kind: ProcessKind
    command: str
    memory: int = 0
    chat_id: ChatId | None = None
    title: str = ""
    why: str = ""
    """Why it is alive."""
    cpu: float = 0.0


class ListParams(Params, frozen=True):
    """The processes of one chat, or everything that runs for the user."""

    chat_id: ChatId | None = None


class ListResult(Data, frozen=True):
    processes: list[Process] = []


class EndParams(Params, frozen=True):
    """Ends one job of a chat with what it has started, or all jobs of the chat."""

    chat_id: ChatId
    pid: int | None = None


class EndResult(Data, frozen=True):
    """What has ended. `left` did not, not even by SIGKILL."""

    ended: list[Process] = []
    left: list[Process] = []
