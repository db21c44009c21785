"""Owns the commands a person may type into a chat, and what each asks of the daemon."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Call = tuple[str, dict[str, Any]]

HELP = (
    ("/stop", "stop what runs (also Esc)"),
    ("/retry", "send the last prompt that did not end well again"),
    ("/steer TEXT", "send a message into the running turn"),
    ("/queue", "show the whole messages that wait"),
    ("/resume", "let a paused queue go on"),
    ("/compact [TEXT]", "summarise the older part; TEXT says what to keep"),
    ("/model NAME", "change the model"),
    ("/level NAME", "readonly, standard or full"),
    ("/thinking NAME", "off, minimal, low, medium, high, xhigh or max"),
    ("/title TEXT", "rename the chat"),
    ("/reset", "let the agent start afresh; the history stays"),
    ("/approve", "allow what waits, once (also the key a)"),
    ("/deny [REASON]", "refuse it (also the keys d and r)"),
    ("/unfold", "show the whole output of the last tool call (also Ctrl-O)"),
    ("/detach", "leave; the agent goes on (also Ctrl-C)"),
    ("/help", "show this"),
)

HERE = {"/help", "/unfold", "/detach", "/approve", "/deny", "/queue"}
"""What the screen does itself."""

_CALLS = {
    "/stop": ("turn/stop", ""),
    "/retry": ("turn/retry", ""),
    "/resume": ("queue/resume", ""),
    "/reset": ("chat/reset", ""),
    "/compact": ("chat/compact", "instructions?"),
    "/model": ("chat/configure", "model"),
    "/level": ("chat/configure", "level"),
    "/thinking": ("chat/configure", "thinking"),
    "/title": ("chat/rename", "title"),
    "/steer": ("turn/send", "text"),
}


def parse(text: str) -> tuple[str, str]:
    """The command and its argument; an empty command for a message."""
    word, _, rest = text.partition(" ")
    known = word in HERE or word in _CALLS
    return (word, rest.strip()) if known else ("", text)


def call(command: str, argument: str) -> Call | str:
    """The request it stands for, without the chat's id; or a sentence when that is missing."""
    method, field = _CALLS[command]
    name = field.removesuffix("?")
    if name and not argument:
        return f"{command} needs something after it." if name == field else (method, {})
    params: dict[str, Any] = {name: argument} if name else {}
    if command == "/steer":
        params["when"] = "steer"
    return method, params


def help_lines() -> list[str]:
    return [f"  {name:<18} {what}" for name, what in HELP]
