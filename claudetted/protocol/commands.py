"""Owns slash commands: which there are in a chat. They are sent with `turn/send`, as text."""

from typing import Literal

from claudetted.protocol.base import ChatId, Data, Params


class Command(Data, frozen=True):
    """One command. `arguments` hints at what may follow: `[…]` may be left out.

    `completions` are arguments to choose from. Those of source `agent` are its prompt templates and
    skills; they begin a turn.
    """

    name: str
    """With its slash."""
    about: str
    arguments: str = ""
    completions: list[str] = []
    source: Literal["daemon", "agent"] = "daemon"


class ListParams(Params, frozen=True):
    chat_id: ChatId


class ListResult(Data, frozen=True):
    """Ours first. `trouble` says why the agent's may be missing."""

    commands: list[Command] = []
    trouble: str = ""
