"""Owns how calls of tools are described: as a card shows them, as the engine judges them. Pure."""

import shlex

# Of hashlib without it: that brings all of OpenSSL into the process of each chat.
from _blake2 import blake2b
from typing import Any

import msgspec

from claudetted.harnesses.codex import patch, search
from claudetted.harnesses.codex.vendor import Approval, HookCall, Item
from claudetted.protocol import sidecar as sc
from claudetted.protocol.permissions import Access, Request

_HARMLESS = ("wait_agent", "list_agents", "tool_search", "update_plan")
"""They wait, plan or look things up within Codex; how names end."""
_SERVERS = "mcp__"
"""How the names of other programs' tools begin."""


class Call(msgspec.Struct, frozen=True):
    """One call: as an item shows it, as the engine judges it."""

    tool: sc.ToolInfo
    request: Request


def is_harmless(name: str) -> bool:
    """Whether a tool of Codex's own changes nothing outside of the conversation."""
    return name.endswith(_HARMLESS) and not name.startswith(_SERVERS)


def of_hook(call: HookCall) -> Call:
    given = msgspec.json.decode(call.tool_input)
    words = given if isinstance(given, dict) else {}
    if call.tool_name == "Bash":
        return command(str(words.get("command", "")), call.cwd)
    if call.tool_name == "apply_patch":
        text = str(words.get("command", ""))
        return _patched(patch.understood(text, call.real, call.files), call.cwd)
    if call.tool_name == "view_image":
        paths = list(call.real.values())
        return _call("view_image", "read", bytes(call.tool_input), call.cwd, paths)
    if call.tool_name == search.CALL:
        return _searched(words, bytes(call.tool_input), call.cwd)
    return unknown(call.tool_name, bytes(call.tool_input), call.cwd)


def command(words: str, cwd: str) -> Call:
    given = msgspec.json.encode({"command": words})
    tool = sc.ToolInfo("bash", msgspec.Raw(given), title=words)
    request = Request("bash", "run", _digest("bash", words, cwd), command=words, cwd=cwd)
    return Call(tool, request)


def unknown(name: str, given: bytes, cwd: str) -> Call:
    return _call(name, "unknown", given, cwd, [])


def of_approval(asked: Approval, item: Item | None, cwd: str) -> Call:
    """What Codex itself asks about, joined with the item that it told of before."""
    if asked.command is not None:
        return command(_inner(asked.command), asked.cwd or cwd)
    changes = item.changes if item else []
    paths = [change.path for change in changes]
    diff = "".join(f"--- {one.path}\n+++ {one.path}\n{one.diff}" for one in changes)
    new = bool(changes) and all(change.kind.get("type") == "add" for change in changes)
    return _patched(patch.Patch("write" if new else "edit", paths, diff), cwd)


def _patched(found: patch.Patch, cwd: str) -> Call:
    given = msgspec.json.encode({"paths": found.paths})
    title = ", ".join(found.paths)
    tool = sc.ToolInfo("apply_patch", msgspec.Raw(given), title, diff=found.diff)
    digest = _digest("apply_patch", found.diff, cwd, *found.paths)
    request = Request(
        "apply_patch", found.access, digest, cwd=cwd, paths=found.paths, diff=found.diff
    )
    return Call(tool, request)


def _searched(words: dict[str, Any], given: bytes, cwd: str) -> Call:
    name, hosts, title = search.tool_of(words)
    digest, text = _digest(name, given.decode(), cwd), given.decode()
    tool = sc.ToolInfo(search.SHOWN, msgspec.Raw(given), title)
    return Call(tool, Request(name, "fetch", digest, cwd=cwd, hosts=hosts, input=text))


def _call(name: str, access: Access, given: bytes, cwd: str, paths: list[str]) -> Call:
    tool = sc.ToolInfo(name, msgspec.Raw(given), title=", ".join(paths))
    digest = _digest(name, given.decode(), cwd, *paths)
    request = Request(name, access, digest, cwd=cwd, paths=paths, input=given.decode())
    return Call(tool, request)


def same(call: Call, other: Call) -> bool:
    """Whether what Codex asks about is what was allowed."""
    mine, theirs = call.request, other.request
    if mine.access == "run" or theirs.access == "run":
        return (mine.command, mine.cwd) == (theirs.command, theirs.cwd)
    return mine.tool == theirs.tool


def _inner(words: str) -> str:
    """Codex writes the shell before a command: `/bin/bash -lc 'the command'`."""
    parts = _split(words)
    if len(parts) == 3 and parts[1] in ("-lc", "-c"):
        return parts[2]
    return words


def _split(words: str) -> list[str]:
    try:
        return shlex.split(words)
    except ValueError:
        return []


def _digest(*parts: str) -> str:
    return blake2b(msgspec.json.encode(list(parts)), digest_size=32).hexdigest()
