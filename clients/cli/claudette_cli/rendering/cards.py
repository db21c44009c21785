"""Owns how a permission looks: everything a person needs to judge it, and nothing that hides."""

from __future__ import annotations

from claudette_cli.rendering.items import Painter
from claudette_cli.terminal import Terminal, exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

SCOPE_KEYS = {
    "a": ("once", "allow once"),
    "t": ("turn", "for this turn"),
    "c": ("chat", "in this chat"),
    "w": ("workspace", "in this workspace"),
    "y": ("user", "always"),
}
"""What one key allows, and for how long."""


def scope_of(permission: Json, key: str) -> str | None:
    """For how long a key allows this request; None when that is not offered."""
    scope, _ = SCOPE_KEYS[key]
    return scope if scope in (permission.get("scopes") or ["once"]) else None


def keys(permission: Json) -> str:
    """What a person can press, the narrowest first."""
    allowing = [
        f"{key} {words}" for key, (_, words) in SCOPE_KEYS.items() if scope_of(permission, key)
    ]
    return " · ".join([*allowing[:1], "d deny", "r deny with a reason", *allowing[1:]])


def card(permission: Json, terminal: Terminal) -> list[str]:
    """The request, exactly: nothing is folded, because what is not seen cannot be judged."""
    request = permission["request"]
    paint = terminal.paint
    edge = paint("┃", "yellow")
    head = paint(f"May it {_what(request)}?", "bold", "yellow")
    lines = [f"{head}  {paint(request['tool'], 'bold')}  {paint(permission['id'], 'dim')}"]
    if request.get("command"):
        first, *rest = exact(request["command"]).split("\n")
        lines += [paint("$ ", "dim") + first, *("  " + line for line in rest)]
    if request.get("cwd"):
        lines.append(paint("in ", "dim") + exact(request["cwd"]))
    lines += [paint("path ", "dim") + exact(path) for path in request.get("paths", [])]
    if request.get("diff"):
        lines += Painter(terminal, whole=True).diff(request["diff"])
    if request.get("input"):
        lines += exact(request["input"]).split("\n")
    if permission.get("supersedes"):
        lines.append(paint("asks again: the files changed meanwhile", "yellow"))
    lines += [paint("host ", "dim") + exact(host) for host in request.get("hosts", [])]
    if why := permission.get("why") or request.get("reason"):
        lines.append(paint("why ", "dim") + exact(why))
    if permission.get("rule"):
        lines.append(paint("asked for by the rule ", "dim") + exact(permission["rule"]["text"]))
    for rule in permission.get("suggested", []):
        lines.append(paint("a rule would have allowed it: ", "dim") + exact(rule["text"]))
    return [f"{edge} {line}" for line in lines]


_HOW_LONG = {
    "once": "once",
    "turn": "for this turn",
    "chat": "in this chat",
    "workspace": "in this workspace",
    "user": "always",
}


def subject(permission: Json) -> str:
    """The request in one line."""
    request = permission["request"]
    what = request.get("command") or " ".join(request.get("paths", [])) or request.get("input", "")
    return exact(f"{request['tool']} {what}".strip()).replace("\n", " ⏎ ")


def outcome(resolution: Json, *, ours: bool) -> str:
    """How it ended and who decided."""
    words = {
        "allow": f"allowed {_HOW_LONG[resolution.get('scope', 'once')]}",
        "deny": "denied",
        "withdrawn": "withdrawn: the call was given up",
        "lost": "lost with the agent: the call did not run",
    }
    ended: str = resolution["outcome"]
    text = words.get(ended, ended)
    if ended in ("allow", "deny"):
        text += " by you" if ours else f" by {exact(resolution['by'])}"
    if resolution.get("reason"):
        text += f" ({exact(resolution['reason'])})"
    return text


def decided(result: Json) -> str:
    """What our own decision came to."""
    text = outcome(result["resolution"], ours=True)
    if result.get("recorded", True):
        return text
    return f"{text}, and the agent was told; the disk is full and takes it down when it can"


def how_to_answer(permission: Json) -> str:
    """For whoever has no card in front of them."""
    return f"claudette approve {permission['id']}  or  claudette deny {permission['id']}"


def _what(request: Json) -> str:
    return {
        "read": "read this",
        "list": "list this",
        "search": "search here",
        "write": "write this file",
        "edit": "make this change",
        "run": "run this command",
        "fetch": "fetch this",
    }.get(request.get("access", ""), "use this tool")
