"""Owns what a tool call would do, in the terms of the permission engine.

An agent names the kind of a call, a title and its arguments. Only what is plain from the arguments
counts: a kind alone says nothing, and a call with arguments that are not known here is one of an
unknown tool, which asks.
"""

import os
import re

# hashlib and urllib would load OpenSSL and more: a third of what an adapter takes.
from _blake2 import blake2b
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from claudetted.harnesses.acp import diffs
from claudetted.harnesses.acp.disk import Disk
from claudetted.harnesses.acp.messages import Produced, ToolCall
from claudetted.protocol.permissions import Access, Request

_PATH_KEYS = (
    *("file_path", "filePath", "filepath", "path", "absolute_path", "abs_path"),
    *("directory", "dir_path", "notebook_path"),
)
_COMMAND_KEYS = ("command", "cmd")
_DIRECTORY_KEYS = ("cwd", "workdir", "working_directory", "directory")
_IDLE = frozenset(
    {"description", "explanation", "justification", "reason", "timeout", "timeout_ms", "title"}
)
"""Arguments that change nothing of what a call does."""
_HARMLESS: dict[str, frozenset[str]] = {
    "read": _IDLE | {"offset", "limit", "line", "start_line", "end_line"},
    "search": _IDLE
    | {
        *("pattern", "query", "include", "glob", "regex", "type", "output_mode"),
        *("head_limit", "case_sensitive", "ignore", "-i", "-n", "-A", "-B", "-C"),
    },
    "execute": _IDLE | {"run_in_background", "is_background", "background"},
}
_LISTERS = frozenset({"ls", "list", "list_directory", "listdir"})
_URL = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::\d+)?(?:[/?#].*)?", re.DOTALL)
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_ENCODE = msgspec.json.Encoder(order="deterministic").encode


def arguments(call: ToolCall) -> Mapping[str, Any]:
    return call.raw_input if isinstance(call.raw_input, dict) else {}


def tells_enough(call: ToolCall) -> bool:
    """Whether there is anything that says what the call is about; more may follow."""
    known = arguments(call)
    if call.kind == "execute":
        return any(key in known for key in _COMMAND_KEYS)
    if call.kind in ("read", "edit", "delete", "move"):
        return bool(_paths_named(call))
    return bool(known)


def request_of(call: ToolCall, tool: str, cwd: str, disk: Disk) -> Request:
    """What is put before the engine. `tool` is the agent's own name of it."""
    match call.kind:
        case "execute":
            request = _running(call, cwd)
        case "read" | "search":
            request = _reading(call, call.kind, tool, cwd, disk)
        case "edit" | "delete" | "move":
            request = _changing(call, tool, cwd, disk)
        case "fetch":
            request = _fetching(call)
        case _:
            request = None
    if request is None:
        request = Request(tool or "unknown", "unknown", "", cwd=cwd, input=_shown(call))
    return msgspec.structs.replace(request, digest=_digest(call, request))


def _running(call: ToolCall, cwd: str) -> Request | None:
    known = arguments(call)
    command = _command(known)
    if not command:
        return None
    directory = _first(known, _DIRECTORY_KEYS)
    where = os.path.normpath(os.path.join(cwd, directory)) if directory else cwd
    if not _understood(known, "execute", (*_COMMAND_KEYS, *_DIRECTORY_KEYS)):
        # Its environment or its sandbox may be another one: a rule about its words is not enough.
        return Request("bash", "unknown", "", command=command, cwd=where, input=_shown(call))
    return Request("bash", "run", "", command=command, cwd=where)


def _command(known: Mapping[str, Any]) -> str:
    for key in _COMMAND_KEYS:
        match known.get(key):
            case str() as text if text.strip():
                return text
            case [*words] if words and all(isinstance(word, str) for word in words):
                return " ".join(map(_quoted, words))
    return ""


def _quoted(word: str) -> str:
    """As a shell reads it as one word."""
    return word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"


def _reading(call: ToolCall, kind: str, tool: str, cwd: str, disk: Disk) -> Request | None:
    known = arguments(call)
    if not known or not _understood(known, kind, _PATH_KEYS):
        return None
    access: Access = "search" if kind == "search" else "read"
    name = "grep" if kind == "search" else "read"
    if tool.casefold() in _LISTERS:
        access, name = "list", "ls"
    named = [str(known[key]) for key in _PATH_KEYS if known.get(key)]
    if not named:
        if access == "read":
            return None
        named = ["."]
    return Request(name, access, "", cwd=cwd, paths=_real(named, cwd, disk))


def _changing(call: ToolCall, tool: str, cwd: str, disk: Disk) -> Request | None:
    named = _paths_named(call)
    if not named:
        return None
    paths = _real(named, cwd, disk)
    diff = difference(call, cwd, disk)
    if call.kind == "edit" and diff:
        new = all(disk.text(path) is None for path in paths)
        writes = new or "write" in tool.casefold()
        access: Access = "write" if writes else "edit"
        return Request(access, access, "", cwd=cwd, paths=paths, diff=diff)
    name = tool or str(call.kind)
    return Request(name, "write", "", cwd=cwd, paths=paths, input=_shown(call))


def _fetching(call: ToolCall) -> Request | None:
    known = arguments(call)
    url = known.get("url")
    host = _host(url) if isinstance(url, str) else ""
    if not host:
        return None
    return Request("fetch", "fetch", "", hosts=[host], input=_shown(call))


def _host(url: str) -> str:
    """Of an address that is plain; any other asks as an unknown call."""
    found = _URL.fullmatch(url.strip())
    return found.group(1).casefold() if found else ""


def difference(call: ToolCall, cwd: str, disk: Disk) -> str:
    """Of all changes that the call shows."""
    changes = [one for one in call.content or [] if one.type == "diff" and one.path]
    return "".join(_difference(one, cwd, disk) for one in changes)


def _difference(change: Produced, cwd: str, disk: Disk) -> str:
    path = disk.real(os.path.join(cwd, change.path))
    return diffs.unified(path, change.old_text, change.new_text, disk)


def _paths_named(call: ToolCall) -> list[str]:
    """By the changes it shows, else by its arguments; where an agent looks says nothing more."""
    changed = [one.path for one in call.content or [] if one.type == "diff" and one.path]
    known = arguments(call)
    keys = (*_PATH_KEYS, "source", "destination", "from", "to", "new_path", "old_path")
    named = [str(known[key]) for key in keys if isinstance(known.get(key), str)]
    located = [one.path for one in call.locations or [] if one.path]
    return list(dict.fromkeys([*changed, *named])) or located


def _real(paths: Iterable[str], cwd: str, disk: Disk) -> list[str]:
    whole = (os.path.join(cwd, os.path.expanduser(path)) for path in paths)
    return list(dict.fromkeys(disk.real(path) for path in whole))


def _understood(known: Mapping[str, Any], kind: str, own: Iterable[str]) -> bool:
    allowed = _HARMLESS[kind].union(own)
    return all(key in allowed or value in (None, "", False) for key, value in known.items())


def _first(known: Mapping[str, Any], keys: Iterable[str]) -> str:
    found = (known[key] for key in keys if isinstance(known.get(key), str))
    return next(found, "")


def _shown(call: ToolCall) -> str:
    """The arguments, and what the agent says of them: some name their command nowhere else."""
    known = call.raw_input
    said = [one.content.text for one in call.content or [] if one.content and one.content.text]
    parts = [call.title or "", *said] if not known else []
    return _ENCODE(known).decode() if known else "\n".join(filter(None, parts))


def _digest(call: ToolCall, request: Request) -> str:
    sealed = [request.tool, request.access, request.command, request.cwd, request.paths]
    whole = _ENCODE([*sealed, request.hosts, request.diff, call.raw_input, request.input])
    return blake2b(whole, digest_size=32).hexdigest()


def tool_name(call: ToolCall, first_title: str) -> str:
    """The agent's own name of the tool: as it says, or by the title that a call begins with."""
    if call.tool:
        return call.tool
    return first_title if re.fullmatch(r"[\w.:-]{1,64}", first_title) else ""
