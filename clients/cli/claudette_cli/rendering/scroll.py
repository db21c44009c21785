"""Owns what a chat looks like as it happens: lines that stay, and a tail that still changes."""

from __future__ import annotations

from claudette_cli.rendering import questions
from claudette_cli.rendering.blocks import Blocks
from claudette_cli.rendering.cards import card, outcome, subject
from claudette_cli.rendering.items import Painter
from claudette_cli.rendering.ways import ways_out
from claudette_cli.rendering.wrapping import fitted
from claudette_cli.terminal.output import Terminal, exact, harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudette_cli.client.fold import Change, Fold

    Json = dict[str, Any]

TOOL_TAIL = 4
CONFIGURED = ("title", "model", "level", "thinking")


class Scroll:
    """Follows one fold. Feed it every change, print what it returns, then show the tail."""

    def __init__(
        self, fold: Fold, terminal: Terminal, *, history: bool = True, seated: bool = False
    ) -> None:
        """`seated` is a person who can type commands with a slash in front."""
        self._fold = fold
        self._seated = seated
        self._withdrawn: list[str] = []
        """Lines about cards that went away, which a stop explains."""
        self._with_history = history
        self._terminal = terminal
        self._painter = Painter(terminal, live=True)
        self._messages: dict[str, _Message] = {}
        self.decided_here: set[str] = set()
        """Permissions that this client decided."""
        self._cards: dict[str, Json] = {}
        self._chat: Json = {}
        self._trouble = ""
        """What the last block said went wrong: it is said once."""

    def take(self, change: Change) -> list[str]:
        """The lines that are final now."""
        name, about = change
        handler = _HANDLERS.get(name)
        before, self._withdrawn = (
            (self._withdrawn, []) if name in _GOING_ON else ([], self._withdrawn)
        )
        lines = [*before, *(handler(self, about) if handler else [])]
        if lines:
            self._trouble = _trouble(name, about)
        return lines

    def history(self, items: list[Json]) -> list[str]:
        """Items that are over, as they stay on the screen."""
        return [line for item in items for line in self._block(self._whole(item))]

    def tail(self, height: int) -> list[str]:
        """What is still growing, at most `height` lines of it."""
        lines: list[str] = []
        for item in self._fold.open.values():
            lines += self._growing(item)
        return lines[-height:] if height > 0 else []

    def _snapshot(self, note: str) -> list[str]:
        self._messages.clear()
        self._cards.clear()
        self._chat = self._fold.chat
        lines = []
        if note:
            lines.append(self._terminal.paint(f"! {note}", "yellow"))
        if not self._with_history:
            return [*lines, *self._still_open()]
        if self._fold.older:
            hint = f"… earlier: claudette history {self._fold.chat['id']} --all"
            lines.append(self._terminal.paint(hint, "dim"))
        return [*lines, *self.history(self._fold.items), *self._still_open()]

    def _still_open(self) -> list[str]:
        """What is open now: its cards, and the finished blocks of its messages."""
        lines: list[str] = []
        for item in self._fold.open.values():
            lines += self._delta({"itemId": item["id"]})
        for permission in self._fold.permissions.values():
            lines += self._asked({"permission": permission})
        for question in self._fold.questions.values():
            lines += self._questioned({"question": question})
        return lines

    def _delta(self, about: Json) -> list[str]:
        item = self._fold.open.get(about["itemId"])
        if item is None or item["kind"] != "message":
            return []
        message = self._messages.setdefault(item["id"], _Message())
        return self._markdown(message.feed(item.get("text", "")))

    def _added(self, event: Json) -> list[str]:
        if event["item"].get("notice") == "stopped" and self._fold.running:
            return []  # the end of the turn says it
        return self._block(self._whole(event["item"]))

    def _closed(self, event: Json) -> list[str]:
        item = event["item"]
        message = self._messages.pop(item["id"], None)
        if item["kind"] != "message" or message is None or not message.fed:
            return self._block(self._whole(item))
        if item["status"] == "discarded" or not message.agrees(item):
            return self._block(self._painter.item(item))
        blocks = [*message.feed(item.get("text", "")), *message.blocks.finish()]
        return [*self._markdown(blocks), *self._block(self._end(item, message.fed))]

    def _asked(self, event: Json) -> list[str]:
        permission = event["permission"]
        if permission["id"] in self._cards:
            return []
        self._cards[permission["id"]] = permission
        return self._block(card(permission, self._terminal))

    def _answered(self, event: Json) -> list[str]:
        permission = self._cards.pop(event["permissionId"], None)
        resolution = event["resolution"]
        ours = event["permissionId"] in self.decided_here
        what = subject(permission) if permission else event["permissionId"]
        text = f"┃ {outcome(resolution, ours=ours)}: {what}"
        style = "green" if resolution["outcome"] == "allow" else "yellow"
        lines = self._block([self._terminal.paint(text, style)])
        if resolution["outcome"] == "withdrawn":
            self._withdrawn += lines
            return []
        return lines

    def _questioned(self, event: Json) -> list[str]:
        return self._block(questions.card(event["question"], self._terminal))

    def _turn_ended(self, event: Json) -> list[str]:
        turn, trouble = event["turn"], event["turn"].get("error", "")
        before, self._withdrawn = self._withdrawn, []
        if turn.get("reason") == "stopped":
            before = []
        if trouble and trouble == self._trouble:
            turn = turn | {"error": ""}
        lines = fitted([self._painter.turn(turn)], self._terminal, again="  ")
        if (
            self._seated
            and turn.get("reason") == "failed"
            and (ways := ways_out(trouble, self._fold.chat))
        ):
            lines += fitted([self._terminal.paint(ways, "dim")], self._terminal, again="  ")
        return [*before, *self._block(lines)]

    def _lost(self, event: Json) -> list[str]:
        said = [f"  {harmless(line)}" for line in event.get("stderr", [])]
        return self._remark(f"The agent's process ended: {event['why']}", *said)

    def _status(self, event: Json) -> list[str]:
        status = event["status"]
        if status.get("name") != "failed" or status.get("why") == self._trouble:
            return []
        return self._remark(f"The chat failed: {status.get('why') or 'nobody knows why'}")

    def _compaction_ended(self, event: Json) -> list[str]:
        """How one that was asked for failed, a notice tells."""
        if event.get("ok", True) or event["compaction"]["trigger"] == "manual":
            return []
        return self._remark(f"Nothing was compacted: {event.get('error', '')}")

    def _configured(self, event: Json) -> list[str]:
        before, self._chat = self._chat, event["chat"]
        if self._chat.get("titleSource") != "person":
            before = before | {"title": self._chat.get("title")}  # it only repeats the message
        return [
            line
            for name in CONFIGURED
            if self._chat.get(name) != before.get(name)
            for line in self._remark(f"{name}: {self._chat.get(name) or 'the default'}")
        ]

    def _reset(self, event: Json) -> list[str]:
        hidden = " What was said before is hidden." if event.get("hidden") else ""
        return self._remark(f"The agent starts afresh.{hidden}")

    def _archived(self, _: Json) -> list[str]:
        return self._remark("The chat was archived.")

    def _deleted(self, _: Json) -> list[str]:
        return self._remark("The chat was deleted.")

    def _remark(self, text: str, *more: str) -> list[str]:
        return self._block(
            [self._terminal.paint(f"! {exact(text)}", "yellow")]
            + [self._terminal.paint(line, "dim") for line in more]
        )

    def _whole(self, item: Json) -> list[str]:
        text = item.get("text", "")
        if item["kind"] != "message" or item["status"] == "discarded" or not text.strip():
            return self._painter.item(item)
        return [*self._render(text), *self._end(item, text)]

    def _end(self, item: Json, shown: str) -> list[str]:
        rest = self._painter.rest_of(item, len(shown.encode()))
        return [*rest, *self._painter.message_end(item)]

    def _growing(self, item: Json) -> list[str]:
        text = item.get("text", "")
        if item["kind"] == "message":
            message = self._messages.get(item["id"])
            return self._render(message.blocks.rest) if message and message.fed else []
        if item["kind"] == "tool":
            head, *output = self._painter.tool(item)
            return [head, *output[-TOOL_TAIL:]]
        return self._painter.reasoning(item | {"text": text.strip().rpartition("\n")[2]})

    def _markdown(self, blocks: list[str]) -> list[str]:
        return [line for block in blocks for line in self._block(self._render(block))]

    def _render(self, text: str) -> list[str]:
        if not text.strip():
            return []
        # Imported here: the first prompt does without.
        from claudette_cli.rendering import markdown

        return markdown.render(text, self._terminal.width - 1, colour=self._terminal.colour)

    def _block(self, lines: list[str]) -> list[str]:
        """Every block ends with an empty line."""
        return [*lines, ""] if lines else []


def _trouble(name: str, about: Json) -> str:
    """What a change says went wrong; empty if nothing did."""
    if name == "item/added" and about["item"].get("notice") == "error":
        return str(about["item"].get("text", ""))
    return str(about["turn"].get("error", "")) if name == "turn/ended" else ""


class _Message:
    """How much of a message is on the screen."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.fed = ""

    def feed(self, text: str) -> list[str]:
        """The blocks it completes; a text cut shorter than what is shown adds nothing."""
        fresh = text[len(self.fed) :]
        if fresh:
            self.fed = text
        return self.blocks.feed(fresh)

    def agrees(self, item: Json) -> bool:
        """Whether the final text continues what was shown, or is a part of it cut short."""
        text = item.get("text", "")
        return bool(text.startswith(self.fed) or self.fed.startswith(text))


_GOING_ON = {"snapshot", "delta", "item/opened", "permission/opened", "turn/started"}
"""What comes when a card went away and no stop did it."""
_HANDLERS: dict[str, Callable[[Scroll, Any], list[str]]] = {
    "snapshot": Scroll._snapshot,
    "delta": Scroll._delta,
    "item/added": Scroll._added,
    "item/closed": Scroll._closed,
    "permission/opened": Scroll._asked,
    "question/opened": Scroll._questioned,
    "permission/resolved": Scroll._answered,
    "turn/ended": Scroll._turn_ended,
    "sidecar/lost": Scroll._lost,
    "status/changed": Scroll._status,
    "compaction/ended": Scroll._compaction_ended,
    "chat/configured": Scroll._configured,
    "chat/reset": Scroll._reset,
    "chat/archived": Scroll._archived,
    "chat/deleted": Scroll._deleted,
}
