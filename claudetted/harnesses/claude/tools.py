"""Owns what each tool of Claude Code does to the world, in the words of a permission request."""

from _blake2 import blake2b  # hashlib would bring OpenSSL: a fifth of what the process takes.
from typing import Any

import msgspec

from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.diffs import unified
from claudetted.harnesses.hosts import host_of
from claudetted.protocol.permissions import Access, Request

QUESTION, PLAN = "AskUserQuestion", "ExitPlanMode"
_NAMES: dict[str, tuple[str, Access]] = {
    "Bash": ("bash", "run"),
    "Read": ("read", "read"),
    "NotebookRead": ("read", "read"),
    "Write": ("write", "write"),
    "Edit": ("edit", "edit"),
    "MultiEdit": ("edit", "edit"),
    "NotebookEdit": ("edit", "edit"),
    "Glob": ("find", "search"),
    "Grep": ("grep", "search"),
    "LS": ("ls", "list"),
    "WebFetch": ("webfetch", "fetch"),
    "WebSearch": ("websearch", "fetch"),
}
"""The names that rules know, whichever agent calls."""
_INWARD = frozenset(
    {
        *("Agent", "Task", "TaskCreate", "TaskGet", "TaskList", "TaskOutput", "TaskStop"),
        *("TaskUpdate", "TodoWrite", "ToolSearch", "ListAgents", "EnterPlanMode"),
        "ReportFindings",
    }
)
"""They change nothing outside of the conversation; what an agent below it does asks for itself."""
CHANGING = frozenset({"run", "write", "edit", "fetch", "unknown"})
_PATHS = ("file_path", "notebook_path", "path")


class Call(msgspec.Struct, frozen=True):
    """A call as it would run. `base` is the file that it changes, as it is now: None for none."""

    name: str
    arguments: dict[str, Any]
    cwd: str
    path: str = ""
    base: str | None = None
    change: str | None = None
    """What the file would hold, where that can be known."""


def read_call(name: str, raw: msgspec.Raw, cwd: str, disk: Disk) -> Call:
    """Arguments that are no object are taken for none."""
    try:
        arguments = msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.MsgspecError:
        arguments = {}
    path = next((str(arguments[key]) for key in _PATHS if arguments.get(key)), "")
    real = disk.real(path, cwd) if path else ""
    if access_of(name) not in ("write", "edit") or not real:
        return Call(name, arguments, cwd, real)
    base = disk.text(real)
    return Call(name, arguments, cwd, real, base, _changed(name, arguments, base))


def access_of(name: str) -> Access:
    return "list" if name in _INWARD else _NAMES.get(name, ("", "unknown"))[1]


def title_of(name: str, raw: msgspec.Raw) -> str:
    """One line for a person."""
    try:
        arguments = msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.MsgspecError:
        return name
    keys = ("command", *_PATHS, "pattern", "url", "query", "description", "skill")
    told = next((str(arguments[key]) for key in keys if arguments.get(key)), "")
    return told if name in _NAMES and told else f"{name} {told}".strip()


def request_of(call: Call) -> Request:
    """What a person is asked, with a digest over all that would run."""
    name, access = _NAMES.get(call.name, (call.name, access_of(call.name)))
    digest = _digest(call)
    if access == "run":
        command = str(call.arguments.get("command", ""))
        return Request(name, access, digest, command=command, cwd=call.cwd)
    if call.name in _INWARD:
        return Request(name, access, digest, paths=[call.cwd], input=_text(call.arguments))
    if access == "fetch":
        return Request(name, access, digest, hosts=_hosts(call), input=_text(call.arguments))
    if access == "unknown":
        return Request(name, access, digest, cwd=call.cwd, input=_text(call.arguments))
    paths = [call.path or call.cwd]
    if access in ("write", "edit"):
        diff = diff_of(call)
        known = "" if diff else _text(call.arguments)
        return Request(name, access, digest, paths=paths, diff=diff, input=known)
    return Request(name, access, digest, cwd=call.cwd, paths=paths)


def diff_of(call: Call) -> str:
    return "" if call.change is None else unified(call.base or "", call.change, call.path)


def is_stale(call: Call, disk: Disk) -> bool:
    """Whether the file is another one than that which was shown."""
    return access_of(call.name) in ("write", "edit") and disk.text(call.path) != call.base


def _changed(name: str, arguments: dict[str, Any], base: str | None) -> str | None:
    if name == "Write":
        return str(arguments.get("content", ""))
    edits = arguments.get("edits") if name == "MultiEdit" else [arguments]
    if name == "NotebookEdit" or not isinstance(edits, list):
        return None
    text = base or ""
    for edit in edits:
        if not isinstance(edit, dict):
            return None
        old, new = str(edit.get("old_string", "")), str(edit.get("new_string", ""))
        if old not in text or (not old and text):
            return None
        text = text.replace(old, new, -1 if edit.get("replace_all") else 1)
    return text


def _hosts(call: Call) -> list[str]:
    host = host_of(str(call.arguments.get("url", "")))
    return [host] if host else []


def _digest(call: Call) -> str:
    seal = None if call.base is None else _hash(call.base.encode())
    parts = [call.name, call.arguments, call.cwd, call.path, seal]
    return _hash(msgspec.json.encode(parts, order="sorted"))


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=32).hexdigest()


def _text(arguments: dict[str, Any]) -> str:
    return msgspec.json.encode(arguments).decode()
