"""Owns the texts that commands answer with. Pure."""

from collections.abc import Iterable

from claudetted.protocol.chats import Chat
from claudetted.protocol.commands import Command
from claudetted.protocol.models import ListResult
from claudetted.protocol.permissions import Level
from claudetted.protocol.turns import Usage
from claudetted.protocol.usage import Balance, GetResult

LEVELS: dict[Level, str] = {
    "readonly": "it reads, lists and searches; nothing else",
    "standard": "what writes, runs, fetches or leaves the workspace asks",
    "confined": "everything runs in a box: it writes only in the workspace, without network; the "
    "rest asks",
    "full": "nothing asks but what a rule asks about or denies",
}


def models(chat: Chat, known: ListResult) -> str:
    """The model in use, and those to choose from that are shown first."""
    used = chat.model or chat.model_used
    usable = [model for model in known.models if model.usable]
    shown = [model for model in usable if model.primary or model.id == used]
    lines = [f"{'•' if model.id == used else ' '} {model.id} — {model.name}" for model in shown]
    more = len(usable) - len(shown)
    return "\n".join(
        [
            f"The model is {used}." if used else "The agent chooses its model.",
            *lines,
            *([f"… and {more} more; `claudette model` lists them all."] if more else []),
            *([known.advice] if known.advice else []),
        ]
    )


def level(now: Level) -> str:
    marked = [f"{'•' if name == now else ' '} {name} — {LEVELS[name]}" for name in LEVELS]
    return "\n".join([f"The permission level is {now}.", *marked])


def usage(chat: Chat, added_up: GetResult) -> str:
    """What the chat's turns came to, how full the model's context is, and what is left."""
    context = chat.context
    used = "unknown" if context.used is None else _tokens(context.used)
    window = f" of {_tokens(context.window)}" if context.window else ""
    lines = [
        f"This chat: {_spent(chat.totals)}",
        f"Last 24 h: {_spent(added_up.last_day.usage)}",
        f"Context: {used}{window} tokens",
    ]
    if added_up.balance:
        lines.append(f"OpenRouter: {_left(added_up.balance)}")
    return "\n".join(lines)


def commands(offered: Iterable[Command], trouble: str) -> str:
    rows = [(f"{command.name} {command.arguments}".strip(), command.about) for command in offered]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {about}" for name, about in rows]
    return "\n".join([*lines, *([trouble] if trouble else [])])


def _left(balance: Balance) -> str:
    used = f"${balance.used_usd:.2f} used"
    if balance.remaining_usd is None:
        return used
    return f"${balance.remaining_usd:.2f} left of ${balance.total_usd:.2f}, {used}"


def _spent(totals: Usage) -> str:
    parts = [f"{_tokens(totals.input)} tokens in", f"{_tokens(totals.output)} out"]
    if cached := totals.cache_read + totals.cache_write:
        parts.append(f"{_tokens(cached)} through the cache")
    if totals.cost_usd is not None:
        by_price = " at list prices" if totals.cost_source == "catalogue" else ""
        parts.append(f"${totals.cost_usd:.4f}{by_price}")
    return ", ".join(parts)


def _tokens(count: int) -> str:
    return f"{count:,}".replace(",", " ")
