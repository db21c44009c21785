"""Owns how a permission looks: everything a person needs to judge it, and nothing that hides."""

from __future__ import annotations

from claudette_cli.rendering import figures
from claudette_cli.rendering.items import Painter
from claudette_cli.rendering.wrapping import framed
from claudette_cli.terminal.invisible import named
from claudette_cli.terminal.output import Terminal, columns, cut, exact, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

NAMED = 5
"""Characters that one line names."""

_RULE_ROOM = 24
"""Columns; a rule that has less beside its keys has a row of its own."""

VIEW = "v"
ALL = "A"
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


def keys(permission: Json, width: int, *more: str) -> list[str]:
    """What a person can press, the narrowest first: rows of at most so many columns, in which
    each key stands beside what it does; behind those that would add a rule, the rule."""
    viewing = [f"{VIEW} show all of it"] if must_be_viewed(permission) else []
    once = ["a allow once"] if scope_of(permission, "a") else []
    rows = _filled([*viewing, *once, "d deny", "r deny with a reason", *more], width)
    longer = [f"{key} {SCOPE_KEYS[key][1]}" for key in _longer(permission)]
    if not longer:
        return rows
    rules = ", ".join(line(rule["text"]) for rule in permission.get("suggested", []))
    adding = _filled(longer, width)
    room = width - columns(adding[-1]) - 3
    if rules and room >= _RULE_ROOM:
        adding[-1] += f" → {cut(rules, room)}"
    elif rules:
        adding.append(cut(f"→ {rules}", width))
    return [*rows, *adding]


def _filled(words: list[str], width: int) -> list[str]:
    rows: list[str] = []
    for key in words:
        if rows and columns(f"{rows[-1]} · {key}") <= width:
            rows[-1] += f" · {key}"
        else:
            rows.append(key)
    return rows


def _longer(permission: Json) -> list[str]:
    """The keys that stand for longer than once."""
    return [key for key in SCOPE_KEYS if key != "a" and scope_of(permission, key)]


def together(waiting: list[Json], width: int) -> list[str]:
    """What allowing all of them would allow, one a line; those that were not seen whole are not
    among it, and say so."""
    rows = [f"Allow these once? {ALL} again allows all of them."]
    for permission in waiting:
        hidden = " (not shown whole: stays)" if must_be_viewed(permission) else ""
        rows.append(cut(f"  {subject(permission)}", max(20, width - len(hidden))) + hidden)
    return rows


def not_shown(permission: Json) -> int:
    """How many bytes of the request are not on its card."""
    request = permission["request"]
    return sum(
        request[f"{field}Bytes"] - len(request.get(field, "").encode())
        for field in ("diff", "input")
        if request.get(f"{field}Bytes")
    )


def must_be_viewed(permission: Json) -> str:
    """Why an allow is not taken yet; empty when it is."""
    missing = not_shown(permission)
    if not missing or permission.get("seenWhole"):
        return ""
    return f"{figures.size(missing)} of this request are not shown yet: {VIEW} shows all of it."


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
        lines.append(paint("in ", "dim") + line(request["cwd"]))
    lines += [paint("path ", "dim") + line(path) for path in request.get("paths", [])]
    if request.get("diff"):
        lines += Painter(terminal, whole=True).diff(request["diff"])
    if request.get("input"):
        lines += exact(request["input"]).split("\n")
    if missing := not_shown(permission):
        lines.append(paint(f"… {figures.size(missing)} more are not shown here", "bold", "yellow"))
    if request.get("encoding"):
        lines.append(paint("encoding ", "dim") + exact(request["encoding"]))
    if permission.get("supersedes"):
        lines.append(paint("asks again: the files changed meanwhile", "yellow"))
    lines += [paint("host ", "dim") + line(host) for host in request.get("hosts", [])]
    if hidden := unseen(request):
        lines.append(paint(f"! characters that cannot be seen: {hidden}", "bold", "red"))
    if why := permission.get("why") or request.get("reason"):
        lines.append(paint("why ", "dim") + line(why))
    if permission.get("rule"):
        lines.append(paint("asked for by the rule ", "dim") + line(permission["rule"]["text"]))
    lines += _rules(permission, terminal)
    return framed(lines, edge, terminal)


def unseen(request: Json) -> str:
    """What in the request a person would not see if it were not made visible, by name."""
    asked = [str(request.get(name, "")) for name in ("command", "cwd", "diff", "input")]
    found = named("".join([*asked, *request.get("paths", []), *request.get("hosts", [])]))
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more


def _rules(permission: Json, terminal: Terminal) -> list[str]:
    """The rules that a key which stands for longer than once would add, beside that key."""
    suggested = [line(rule["text"]) for rule in permission.get("suggested", [])]
    longer = _longer(permission)
    if not suggested or not longer:
        return [
            terminal.paint("a rule would have allowed it: ", "dim") + rule for rule in suggested
        ]
    head = f"{', '.join(longer)} would add "
    return [
        terminal.paint(head if not number else " " * len(head), "dim") + rule
        for number, rule in enumerate(suggested)
    ]


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
        "withdrawn": "withdrawn by the agent",
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
    saved = "the disk is full; the decision will be saved when there is space"
    return f"{text}, and the agent was told; {saved}"


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
