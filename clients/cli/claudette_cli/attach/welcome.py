"""Owns the first lines of a chat that nobody has used: what is there, and how to get a model. Pure.

What is known comes in parts, and every part may be missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from claudette_cli.rendering.wrapping import wrapped
from claudette_cli.terminal.output import columns, cut, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Json = dict[str, Any]

SERVERS = ("ollama", "lmstudio")
_LEFT = 9
_NAMED = 3


@dataclass
class Found:
    """What was found so far; None for what is not known yet."""

    harness: str = "pi"
    """The agent of this chat."""
    agents: list[Json] | None = None
    asked: dict[str, Json] = field(default_factory=dict)
    """What the agents say of themselves, by their names."""
    providers: list[Json] | None = None
    models: Json | None = None
    servers: dict[str, Json] = field(default_factory=dict)

    @property
    def keys(self) -> list[Json]:
        rows = self.providers or []
        return [row for row in rows if row.get("configured") and not row.get("blocked")]

    @property
    def usable(self) -> list[Json]:
        """The models that this agent could use."""
        rows = (self.models or {}).get("models", [])
        return [row for row in rows if row.get("usable", True) and self._is_ours(row)]

    def _is_ours(self, model: Json) -> bool:
        return model.get("backend", "pi") not in ("anthropic", "codex-native")


def lines(found: Found, width: int) -> list[tuple[str, str]]:
    """(style, row), at most twelve rows of 80 columns."""
    facts = [("agents", _agents(found))]
    if found.harness == "pi":
        facts += [
            ("models", _models(found)),
            ("local", _servers(found)),
            ("keys", _keys(found)),
        ]
    shown = [("class:queue", row) for name, text in facts for row in _fact(name, text, width)]
    ways = list(_ways(found))
    return [*shown, *(("", cut(way, max(20, width - 1))) for way in ways)]


def _fact(name: str, text: str, width: int) -> list[str]:
    blanks = " " * (_LEFT - len(name))
    return wrapped(f"{name}{blanks}{text}", max(20, width - 1), again=" " * _LEFT)


def _agents(found: Found) -> str:
    if found.agents is None:
        return "…"
    there = [one for one in found.agents if not one.get("missing")]
    absent = [line(one["name"]) for one in found.agents if one.get("missing")]
    said = [_agent(one, found.asked.get(one["id"])) for one in there]
    return " · ".join([*said, *(f"no {name}" for name in absent)])


def _agent(agent: Json, told: Json | None) -> str:
    name = line(agent["name"])
    if agent["id"] == "pi":
        return f"{name}, which comes along"
    if told is None:
        return name
    version = f" {line(told['version'])}" if told.get("version") else ""
    return f"{name}{version}, {'signed in' if told.get('signedIn', True) else 'not signed in'}"


def _models(found: Found) -> str:
    if found.models is None:
        return "…"
    if not found.usable:
        return "none that can be used yet"
    groups: dict[str, int] = {}
    for model in found.usable:
        groups[model.get("group", "")] = groups.get(model.get("group", ""), 0) + 1
    named = [f"{count} of {line(group)}" for group, count in list(groups.items())[:_NAMED]]
    more = len(groups) - len(named)
    default = found.models.get("default")
    begun = f"this chat begins with {line(default)}" if default else "Pi chooses until you do"
    return f"{', '.join(named)}{f' and {more} more' * bool(more > 0)}; {begun}"


def _servers(found: Found) -> str:
    told = [_server(found.servers[name]) for name in SERVERS if name in found.servers]
    return " · ".join(told) or "…"


def _server(told: Json) -> str:
    name = line(told["backend"]["name"])
    if not told.get("ok"):
        return f"{name} does not run"
    count = len(told.get("models", []))
    return f"{name}: {count} model{'s' * (count != 1)}"


def _keys(found: Found) -> str:
    if found.providers is None:
        return "…"
    named = [f"{row['id']} ({line(row['source'])})" for row in found.keys]
    more = len(named) - 2 * _NAMED
    return ", ".join([*named[: 2 * _NAMED], *([f"{more} more"] if more > 0 else [])]) or "none"


def _ways(found: Found) -> Iterator[str]:
    """What to do next."""
    if found.harness != "pi":
        yield from _sign_in(found)
        return
    if found.models is None:
        return
    if found.usable:
        yield "Write a message. /model picks a model, @ names a file, ! runs a command, /help more."
        return
    yield "One of these, and you can begin:"
    yield from _rows(
        [
            ("/key openrouter", "store a key of OpenRouter's; /key shows whose else"),
            ("/login github-copilot", "sign in with a Copilot subscription; /login lists others"),
            *_local(found),
            *_agents_ways(found),
        ]
    )


def _sign_in(found: Found) -> Iterator[str]:
    told = found.asked.get(found.harness)
    if told is not None and not told.get("signedIn", True):
        yield f"/login {found.harness} signs in, here in this terminal."
    elif told is not None:
        yield "Write a message. @ names a file, ! runs a command, /help tells more."


def _local(found: Found) -> Iterator[tuple[str, str]]:
    """For what runs without a model, or not at all."""
    told = found.servers.get("ollama")
    if told is not None and told.get("ok"):
        yield "!ollama pull qwen3", "get a model that can call tools"
    elif told is not None:
        yield "!ollama pull qwen3", "once Ollama runs (https://ollama.com); found by itself"


def _agents_ways(found: Found) -> Iterator[tuple[str, str]]:
    for agent in found.agents or []:
        told = found.asked.get(agent["id"])
        if agent["id"] == "pi" or told is None or agent.get("missing"):
            continue
        if told.get("signedIn", True):
            yield f"/new {agent['id']}", f"a chat with {line(agent['name'])}"
        else:
            yield f"/login {agent['id']}", f"sign in to {line(agent['name'])}, for a chat with it"


def _rows(rows: list[tuple[str, str]]) -> list[str]:
    widest = max(columns(command) for command, _ in rows)
    return [f"  {command}{' ' * (widest - columns(command))}  {what}" for command, what in rows]
