"""Owns how an agent's plan is told, whichever agent made it: a call named `plan`. Pure."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from claudetted.protocol import sidecar as sc

NAME = "plan"
_MARKS = {"completed": "x", "in_progress": "~"}

Status = Literal["pending", "in_progress", "completed"]
Phase = Literal["writing", "running", "ended"]


class Entry(msgspec.Struct, frozen=True):
    content: str
    status: str = "pending"
    """A Status; others, which an agent may come to have, are taken for `pending`."""


class Told(msgspec.Struct, frozen=True):
    """A plan as an item has it: its call, and the same in words."""

    tool: sc.ToolInfo
    text: str


class _Todos(msgspec.Struct):
    todos: list[Entry]


def of_todos(arguments: object) -> list[Entry] | None:
    """The plan in the arguments of a call that writes it whole, as `TodoWrite` of Claude Code and
    `todowrite` of opencode have it; None for others."""
    try:
        return msgspec.convert(arguments, _Todos).todos
    except msgspec.ValidationError:
        return None


def told(entries: Sequence[Entry], phase: Phase, words: str = "") -> Told:
    """The whole plan as it is now. `words` of the agent about it come first."""
    known = [Entry(one.content, _status(one.status)) for one in entries]
    done = sum(one.status == "completed" for one in known)
    given = msgspec.Raw(msgspec.json.encode({"entries": known}))
    tool = sc.ToolInfo(NAME, given, f"{done} of {len(known)} done", phase)
    lines = [f"[{_MARKS.get(one.status, ' ')}] {one.content}" for one in known]
    return Told(tool, "\n".join(filter(None, [words, *lines])))


def _status(told_as: str) -> Status:
    match told_as:
        case "in_progress" | "completed":
            return told_as
        case _:
            return "pending"
