"""Owns what the lower part of the screen shows at one moment: a value, made from the fold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from claudette_cli.attach.activity import Activity
from claudette_cli.rendering import questions
from claudette_cli.rendering.cards import subject
from claudette_cli.rendering.figures import band, cost, gauge, left, meter
from claudette_cli.rendering.items import waiting
from claudette_cli.terminal.output import columns, cut, line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from claudette_cli.client.fold import Fold

    Json = dict[str, Any]

QUEUE_LINES = 4
TITLE_ROOM, TITLE_WANTED = 8, 12
"""Columns of the status line: less is none, and so many are worth more than an id."""


class Picture:
    """Made whole by the thread that owns the fold, and only read by the one that draws."""

    def __init__(
        self,
        fold: Fold,
        tail: list[str],
        *,
        connected: bool,
        changed: float = 0.0,
        others: int = 0,
    ) -> None:
        """`changed` is when something happened last, as `time.monotonic` has it; `others` are the
        other chats that wait for a person."""
        self.tail = tail
        self.queue = queue_lines(fold)
        self.others = f"{others} chat{'s wait' if others > 1 else ' waits'}" if others else ""
        self.status_at = partial(
            status_line, fold.chat, fold.balance, connected=connected, others=self.others
        )
        self.filling = band(fold.chat.get("context", {}))
        self.running = fold.running
        self.activity = Activity(fold, changed) if fold.running and connected else None
        self.title = line(fold.chat.get("title", ""))
        self.deleted = fold.deleted
        self.directory = str(fold.chat.get("cwd", ""))
        self.workspace = str(fold.chat.get("workspace", ""))
        waiting = list(fold.permissions.values())
        self.permission: Json | None = waiting[0] if waiting else None
        self.waiting = len(waiting)
        self.permissions: list[Json] = waiting
        self.asked: Json | None = next(iter(fold.questions.values()), None)
        self.items: list[Json] = [*fold.items, *fold.open.values()]
        self.unused = not (fold.items or fold.older or fold.turn or fold.queue or fold.open)
        self.harness = str(fold.chat.get("harness", "pi"))
        self.sees = bool(fold.chat.get("capabilities", {}).get("images"))
        """Whether the agent takes images."""

    @property
    def question(self) -> str:
        """What the first card asks, in one line."""
        if self.permission is None:
            return ""
        count = f" (1 of {self.waiting})" if self.waiting > 1 else ""
        return f"waits for you{count}: {subject(self.permission)}"


def asked_line(question: Json, width: int, how: str = "") -> str:
    """What a question that waits beside the cards asks, and how it is answered."""
    how = how or ("its number answers" if question.get("options") else "/answer …")
    asked = f"asks: {questions.subject(question)}"
    return f"{cut(asked, max(20, min(width, 100) - len(how) - 4))}  ({how})"


def status_line(
    chat: Json, balance: Json | None, width: int = 1000, *, connected: bool, others: str = ""
) -> tuple[str, str]:
    """State, chats that wait, model, context meter, cost, level and id, as many as have room, and
    the title; and the meter as it stands in it."""
    parts = {
        "state": _state(chat, width) if connected else "reconnecting…",
        "others": others,
        "model": line(chat.get("modelUsed") or chat.get("model") or ""),
        "meter": meter_of(chat),
        "cost": cost(chat.get("totals", {})),
        "balance": left(balance) if balance else "",
        "level": str(chat.get("level", "standard")),
        "id": str(chat.get("id", "")),
    }
    title = line(chat.get("title", ""))
    wanted = min(columns(title), TITLE_WANTED)
    for name, shorter in _SHORTER:
        if _width(parts) + wanted + 3 <= width:
            break
        parts[name] = shorter(parts[name])
        wanted = wanted if parts["model"] else 0
    room = width - _width(parts) - 3
    title = cut(title, min(60, room)) if room >= TITLE_ROOM else ""
    text = _joined(parts)
    separator = " " if parts["id"] else " · "
    return (f"{text}{separator}{title}" if title else text), parts["meter"]


def _state(chat: Json, width: int) -> str:
    status = chat.get("status", {})
    name = str(status.get("name", "idle"))
    if status.get("why") and name == "failed":
        return f"{name}: {cut(line(status['why']), min(60, width // 2))}"
    return name


def _joined(parts: dict[str, str]) -> str:
    return " · ".join(part for part in parts.values() if part)


def _width(parts: dict[str, str]) -> int:
    return columns(_joined(parts))


def _gone(_: str) -> str:
    return ""


def _without_bar(meter: str) -> str:
    """`▰▱▱ context 10% of 200k` as `10% of 200k`."""
    return meter.rpartition("context ")[2]


_SHORTER: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("balance", _gone),
    ("id", _gone),
    ("meter", _without_bar),
    ("model", lambda model: model.rpartition("/")[2]),
    ("meter", lambda meter: meter.partition(" ")[0]),
    ("model", _gone),
    ("cost", _gone),
    ("level", _gone),
    ("others", lambda others: others.partition(" ")[0] + "!" if others else ""),
    ("meter", _gone),
    ("others", _gone),
)
"""What a narrow terminal does without, one after the other."""


def meter_of(chat: Json) -> str:
    """How full the model's context is, as a bar and in words."""
    context = chat.get("context", {})
    return f"{gauge(context)} {meter(context)}".strip()


def queue_lines(fold: Fold) -> list[str]:
    """The messages that wait, cut to one line each."""
    lines = [
        f"{'steers' if entry['when'] == 'steer' else 'queued'}: {waiting(entry, 70)}"
        for entry in fold.queue[:QUEUE_LINES]
    ]
    hidden = len(fold.queue) - len(lines)
    if hidden > 0:
        lines.append(f"… and {hidden} more")
    if fold.queue and fold.queue_paused:
        lines.append("the queue is paused; /resume lets it go on, so does a message")
    return lines
