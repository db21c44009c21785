"""Owns what the lower part of the screen shows at one moment: a value, made from the fold."""

from __future__ import annotations

from claudette_cli.rendering import questions
from claudette_cli.rendering.cards import subject
from claudette_cli.rendering.figures import band, cost, gauge, left, meter
from claudette_cli.terminal import clip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.fold import Fold

    Json = dict[str, Any]

QUEUE_LINES = 4


class Picture:
    """Made whole by the thread that owns the fold, and only read by the one that draws."""

    def __init__(self, fold: Fold, tail: list[str], *, connected: bool) -> None:
        self.tail = tail
        self.queue = queue_lines(fold)
        self.status = status_line(fold, connected=connected)
        self.meter = meter_of(fold.chat)
        self.filling = band(fold.chat.get("context", {}))
        self.running = fold.running
        self.deleted = fold.deleted
        waiting = list(fold.permissions.values())
        self.permission: Json | None = waiting[0] if waiting else None
        self.waiting = len(waiting)
        self.asked: Json | None = next(iter(fold.questions.values()), None)
        self.last_tool = _last_tool(fold)

    @property
    def question(self) -> str:
        """What the first card asks, in one line."""
        if self.permission is None:
            return ""
        count = f" (1 of {self.waiting})" if self.waiting > 1 else ""
        return f"waits for you{count}: {subject(self.permission)}"


def asked_line(question: Json) -> str:
    """What a question that waits beside the cards asks."""
    return f"asks: {clip(questions.subject(question), 70)}  (/answer …)"


def status_line(fold: Fold, *, connected: bool) -> str:
    """State, model, context meter and cost, the title last because it may be cut."""
    chat = fold.chat
    status = chat.get("status", {})
    state = status.get("name", "idle")
    if status.get("why") and state == "failed":
        state += f": {clip(status['why'], 60)}"
    parts = [
        state if connected else "reconnecting…",
        chat.get("modelUsed") or chat.get("model") or "",
        meter_of(chat),
        cost(chat.get("totals", {})),
        left(fold.balance) if fold.balance else "",
        chat.get("level", "standard"),
        f"{chat.get('id', '')} {clip(chat.get('title', ''), 60)}".strip(),
    ]
    return " · ".join(part for part in parts if part)


def meter_of(chat: Json) -> str:
    """How full the model's context is, as a bar and in words."""
    context = chat.get("context", {})
    return f"{gauge(context)} {meter(context)}".strip()


def queue_lines(fold: Fold) -> list[str]:
    """The messages that wait, cut to one line each."""
    lines = [
        f"{'steers' if entry['when'] == 'steer' else 'queued'}: {clip(entry['text'], 70)}"
        for entry in fold.queue[:QUEUE_LINES]
    ]
    hidden = len(fold.queue) - len(lines)
    if hidden > 0:
        lines.append(f"… and {hidden} more")
    if fold.queue and fold.queue_paused:
        lines.append("the queue is paused; /resume lets it go on, so does a message")
    return lines


def _last_tool(fold: Fold) -> Json | None:
    open_tools = [item for item in fold.open.values() if item["kind"] == "tool"]
    tools = [*(item for item in fold.items[-50:] if item["kind"] == "tool"), *open_tools]
    return dict(tools[-1]) if tools else None
