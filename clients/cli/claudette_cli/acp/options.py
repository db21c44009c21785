"""Owns what an editor can set of a chat: level, model, thinking; and which agent it has. Pure."""

from __future__ import annotations

from claudette_cli.commands.options import THINKING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

LEVELS = {
    "readonly": ("Read only", "Reads files; changes and commands are refused."),
    "standard": ("Standard", "Asks before changes and before commands that do more than read."),
    "confined": ("Confined", "Runs commands unasked in a box; what leaves the box asks."),
    "full": ("Full", "Runs everything that no rule denies, unasked."),
}
"""From the strictest to the most permissive."""

_AS_IT_COMES = "default"


def levels_up_to(highest: str) -> list[str]:
    names = list(LEVELS)
    return names[: names.index(highest) + 1]


def modes(chat: Json, highest: str) -> Json:
    """The levels as session modes, for editors that know no options. The chat's own is among
    them, although it may be above what can be set here."""
    offered = levels_up_to(highest)
    shown = offered if chat["level"] in offered else [*offered, chat["level"]]
    available = [
        {"id": name, "name": LEVELS[name][0], "description": LEVELS[name][1]} for name in shown
    ]
    return {"currentModeId": chat["level"], "availableModes": available}


def all_of(chat: Json, models: list[Json], highest: str) -> list[Json]:
    """`models` are those of `model/list`; before they are known, only the chat's own is offered."""
    capabilities = chat.get("capabilities", {})
    found = [_level(chat, highest)]
    if capabilities.get("models", True):
        found.append(_model(chat, models))
    if capabilities.get("thinking", True):
        found.append(_thinking(chat))
    return [*found, _agent(chat)]


def change(option: str, value: Any, models: list[Json]) -> Json | None:
    """The parameters of `chat/configure` for it; empty where nothing is to be done, None for what
    cannot be set."""
    if not isinstance(value, str):
        return None
    if option == "level" and value in LEVELS:
        return {"level": value}
    if option == "thinking" and value in THINKING:
        return {"thinking": value}
    if option in ("thinking", "model") and value == _AS_IT_COMES:
        return {}
    if option == "model":
        chosen = (model for model in models if _value(model) == value)
        return next((_chosen(model) for model in chosen), None)
    return None


def _level(chat: Json, highest: str) -> Json:
    told = modes(chat, highest)
    options = [
        {"value": mode["id"], "name": mode["name"], "description": mode["description"]}
        for mode in told["availableModes"]
    ]
    return _select("level", "Permissions", "mode", chat["level"], options)


def _model(chat: Json, models: list[Json]) -> Json:
    now = _key(chat, chat["model"]) if chat.get("model") else _AS_IT_COMES
    offered = [
        {"value": _value(model), "name": model["name"], "description": model["group"]}
        for model in models
        if model.get("usable", True) and (model.get("primary") or _value(model) == now)
    ]
    if now not in [option["value"] for option in offered]:
        name = chat.get("model") or chat.get("modelUsed") or "the default"
        offered.insert(0, {"value": now, "name": name})
    return _select("model", "Model", "model", now, offered)


def _thinking(chat: Json) -> Json:
    now = chat.get("thinking") or _AS_IT_COMES
    names = THINKING if chat.get("thinking") else (_AS_IT_COMES, *THINKING)
    offered = [{"value": name, "name": name} for name in names]
    return _select("thinking", "Thinking", "thought_level", now, offered)


def _agent(chat: Json) -> Json:
    """A chat keeps its agent."""
    return _select(
        "agent",
        "Agent",
        "agent",
        chat["harness"],
        [{"value": chat["harness"], "name": chat["harness"]}],
    )


def _select(key: str, name: str, category: str, now: str, options: list[Json]) -> Json:
    return {
        "id": key,
        "name": name,
        "category": category,
        "type": "select",
        "currentValue": now,
        "options": options,
    }


def _value(model: Json) -> str:
    return _key(model, model["id"])


def _key(served: Json, model_id: str) -> str:
    """The backend is absent where it is the first one."""
    return f"{served.get('backend', '')} {model_id}".strip()


def _chosen(model: Json) -> Json:
    backend = {"backend": model["backend"]} if model.get("backend") else {}
    return {"model": model["id"], **backend}
