"""Owns how an editor is shown what is in a transcript: items as session updates. Pure."""

from __future__ import annotations

import re

from claudette_cli.acp import hunks
from claudette_cli.rendering import figures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

_KINDS = {
    "read": "read",
    "notebookread": "read",
    "ls": "search",
    "find": "search",
    "glob": "search",
    "grep": "search",
    "search": "search",
    "edit": "edit",
    "multiedit": "edit",
    "notebookedit": "edit",
    "write": "edit",
    "patch": "edit",
    "apply_patch": "edit",
    "bash": "execute",
    "shell": "execute",
    "execute": "execute",
    "fetch": "fetch",
    "webfetch": "fetch",
    "websearch": "fetch",
    "think": "think",
    "task": "think",
}
"""By the tool's name, in lower case; others are `other`."""

_ACCESS = {
    "read": "read",
    "list": "search",
    "search": "search",
    "write": "edit",
    "edit": "edit",
    "run": "execute",
    "fetch": "fetch",
}
"""By what a request would do."""

_PLAN = "plan"
_STATUSES = ("pending", "in_progress", "completed")

_CHUNKS = {
    "user": "user_message_chunk",
    "message": "agent_message_chunk",
    "reasoning": "agent_thought_chunk",
}
"""The kinds of items that are text, and grow."""

_SEVERITIES = {"error": "error", "retry": "warning", "stopped": "warning"}
_HISTORY = {"error", "stopped", "answer", "command"}
"""The notices that belong to what was said; others are news."""

_FENCE = re.compile(r"^ *(`{3,})", re.MULTILINE)


def is_text(item: Json) -> bool:
    return item["kind"] in _CHUNKS


def chunk(item: Json, text: str) -> Json:
    """A piece of a message, of the person or the agent, or of reasoning."""
    return {
        "sessionUpdate": _CHUNKS[item["kind"]],
        "messageId": item["id"],
        "content": {"type": "text", "text": text},
    }


def image(item: Json, about: Json) -> Json:
    """One of a person's message: the bytes where they were read, else words that say so."""
    content: Json = {"type": "text", "text": f"\n\n{figures.image(about)}"}
    if "data" in about:
        content = {"type": "image", "mimeType": about["mimeType"], "data": about["data"]}
    return {"sessionUpdate": _CHUNKS["user"], "messageId": item["id"], "content": content}


def said(text: str, message_id: str = "") -> Json:
    """Words of ours where the agent's stand, for want of a better place."""
    update: Json = {
        "sessionUpdate": "agent_message_chunk",
        "content": {"type": "text", "text": text},
    }
    return update | ({"messageId": message_id} if message_id else {})


def tool_call(item: Json) -> Json:
    """The call as it is: the first that is heard of it."""
    return {"sessionUpdate": "tool_call", **_call(item)}


def tool_update(item: Json) -> Json:
    return {"sessionUpdate": "tool_call_update", **_call(item)}


def output(item: Json, text: str) -> Json:
    """What a call has put out so far. It replaces what was shown of it. The extension of VS Code
    takes a call without a status for a completed one."""
    content = [*hunks.of(item["tool"].get("diff", "")), *_output(item, text)]
    return {
        "sessionUpdate": "tool_call_update",
        "toolCallId": item["id"],
        "status": _status(item),
        "content": content,
    }


def awaits_plan(item: Json) -> bool:
    """Whether a call is one of a plan that is not known yet."""
    tool = item["tool"]
    bare = tool["name"] == _PLAN and not tool.get("input") and not tool.get("inputBytes")
    return bare and item["status"] == "open" and not item.get("parentId")


def plan(item: Json) -> Json | None:
    """The whole plan that a call tells; None for another call, and for the plan of an agent below
    this one, which must not take the place of this one's."""
    tool = item["tool"]
    entries = (tool.get("input") or {}).get("entries")
    if tool["name"] != _PLAN or item.get("parentId") or not isinstance(entries, list):
        return None
    if not all(isinstance(one, dict) and one.get("status") in _STATUSES for one in entries):
        return None
    return {
        "sessionUpdate": "plan",
        "entries": [
            {"content": str(one.get("content", "")), "priority": "medium", "status": one["status"]}
            for one in entries
        ],
    }


def compaction(item: Json) -> Json:
    """For an editor that shows compactions."""
    summary = item.get("text", "")
    return {
        "sessionUpdate": "compaction_update",
        "compactionId": item["id"],
        "status": "completed",
        "summary": [{"type": "text", "text": summary}] if summary else [],
    }


def compacted(item: Json) -> str:
    """The same in words."""
    info = item.get("compaction") or {}
    before, after = info.get("before"), info.get("after")
    sizes = f" from {before:,} to {after:,} tokens" if before and after else ""
    return f"\n\n_The conversation was compacted{sizes}._\n\n"


def notice(item: Json) -> Json:
    """For an editor that shows notices."""
    severity = _SEVERITIES.get(item.get("notice", ""), "info")
    return {"sessionUpdate": "notice", "severity": severity, "title": _title(item)}


def noticed(item: Json) -> str:
    """The same in words."""
    quoted = "\n".join(f"> {line}" for line in _title(item).splitlines())
    return f"\n\n{quoted}\n\n"


def is_history(item: Json) -> bool:
    """Whether a notice belongs into a transcript that is shown again."""
    return item.get("notice", "") in _HISTORY


def usage(chat: Json) -> Json | None:
    """How full the context is and what the chat has cost; None while that is unknown."""
    context = chat.get("context", {})
    used, window = context.get("used"), context.get("window")
    if used is None or not window:
        return None
    update: Json = {"sessionUpdate": "usage_update", "used": used, "size": window}
    cost = chat.get("totals", {}).get("costUsd")
    return update if cost is None else update | {"cost": {"amount": cost, "currency": "USD"}}


def options(found: list[Json]) -> Json:
    return {"sessionUpdate": "config_option_update", "configOptions": found}


def mode(modes: Json) -> Json:
    return {"sessionUpdate": "current_mode_update", "currentModeId": modes["currentModeId"]}


def kind_of_access(access: str) -> str:
    return _ACCESS.get(access, "other")


def fenced(text: str, language: str = "") -> str:
    """A code block that nothing in the text ends."""
    longest = max((len(marks) for marks in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"


def text_content(text: str) -> Json:
    return {"type": "content", "content": {"type": "text", "text": text}}


def locations(paths: list[str]) -> list[Json]:
    return [{"path": path} for path in paths if path.startswith("/")]


def _title(item: Json) -> str:
    return str(item.get("text") or item.get("notice") or "notice")


def _call(item: Json) -> Json:
    tool = item["tool"]
    given = tool.get("input") or {}
    call: Json = {
        "toolCallId": item["id"],
        "title": tool.get("title") or tool["name"],
        "name": tool["name"],
        "kind": _KINDS.get(tool["name"].lower(), "other"),
        "status": _status(item),
        "rawInput": given,
    }
    if content := [*hunks.of(tool.get("diff", "")), *_output(item, _result(item))]:
        call["content"] = content
    if places := locations(_paths(given)):
        call["locations"] = places
    if tool.get("exitCode") is not None:
        call["rawOutput"] = {"exitCode": tool["exitCode"]}
    return call


def _status(item: Json) -> str:
    if item["status"] == "done":
        return "completed"
    if item["status"] != "open":
        return "failed"
    return "in_progress" if item["tool"].get("phase") == "running" else "pending"


def _result(item: Json) -> str:
    return str(item.get("text") or item["tool"].get("error", ""))


def _output(item: Json, text: str) -> list[Json]:
    if not text:
        return []
    missing = item.get("textBytes", 0) - len(text.encode())
    shown = f"{text}\n… {missing:,} bytes more" if missing > 0 else text
    return [text_content(fenced(shown))]


def _paths(given: Any) -> list[str]:
    if not isinstance(given, dict):
        return []
    found = (given.get(name) for name in ("path", "file_path", "filePath", "notebook_path"))
    return [path for path in found if isinstance(path, str)]
