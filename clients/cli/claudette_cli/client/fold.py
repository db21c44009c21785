"""Owns the fold: what a chat is after a snapshot and the events and deltas that followed. No I/O.

Plain JSON values in, plain JSON values held: the same fold serves a one-shot command and the
interactive chat. What it returns tells a screen what became different.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Json = dict[str, Any]
    Change = tuple[str, Any]
    """What happened and what it was about: the name of an event with the event, or `snapshot`,
    `resumed` (what was missed follows), `delta`."""


class Fold:
    """One chat as this client knows it.

    `open` holds the open items with their text so far. `gaps` names open items whose text misses
    a piece: whoever drives the fold reads it with `item/get` and calls `fill`.
    """

    def __init__(self) -> None:
        self.chat: Json = {}
        self.seq = 0
        self.older: str | None = None
        self.turn: Json | None = None
        self.items: list[Json] = []
        self.open: dict[str, Json] = {}
        self.permissions: dict[str, Json] = {}
        self.questions: dict[str, Json] = {}
        self.queue: list[Json] = []
        self.queue_paused = False
        self.sidecar: Json | None = None
        self.compacting = False
        self.compaction = ""
        """What has caused the compaction under way, where that was told."""
        self.balance: Json | None = None
        """What is left at OpenRouter, where that serves the chat's model."""
        self.deleted = False
        self.gaps: set[str] = set()
        self._journal = ""
        self._places: dict[str, tuple[str, int]] = {}
        """When each item was opened, which is its place in the transcript whenever it closes."""

    @property
    def cursor(self) -> str | None:
        """Where to resume: after everything that was taken."""
        return f"{self._journal}.{self.seq}" if self._journal else None

    @property
    def running(self) -> bool:
        return bool(self.turn and self.turn.get("state") == "running")

    def snapshot(self, result: Json) -> list[Change]:
        """Takes the answer to `event/subscribe`: starts afresh, or goes on where it was."""
        if result.get("resumed"):
            return [("resumed", None)]
        told = result["snapshot"]
        self.chat = told["chat"]
        self.seq = told["seq"]
        self._journal = told["cursor"].rpartition(".")[0]
        self.older = told.get("history")
        self.turn = told.get("turn")
        self.items = list(told.get("items", []))
        self.open = {item["id"]: item for item in told.get("open", [])}
        self._places = {}
        for item in [*self.items, *self.open.values()]:
            self._give_place(item)
        self.permissions = {asked["id"]: asked for asked in told.get("permissions", [])}
        self.questions = {asked["id"]: asked for asked in told.get("questions", [])}
        self.queue = told.get("queue", [])
        self.queue_paused = told.get("queuePaused", False)
        self.sidecar = told.get("sidecar")
        self.compacting = self.chat.get("status", {}).get("name") == "compacting"
        self.gaps = {key for key, item in self.open.items() if _is_cut(item)}
        return [("snapshot", result.get("note", ""))]

    def event(self, params: Json) -> list[Change]:
        """Takes an `event`; one that was taken before changes nothing."""
        if params["seq"] <= self.seq:
            return []
        self.seq = params["seq"]
        event = params["event"]
        apply = _EVENTS.get(event["type"])
        if apply is not None:
            apply(self, event)
        self.chat = self.chat | {"updatedAt": params["at"]}
        return [(event["type"], event)]

    def delta(self, params: Json) -> list[Change]:
        """Takes a `delta`: it replaces what is held from its offset on. Notes a missing piece."""
        item = self.open.get(params["itemId"])
        if item is None:
            return []
        return self._put(item, params["offset"], params["text"])

    def told_balance(self, params: Json) -> list[Change]:
        """Takes a `balance`; nothing in it when OpenRouter did not answer."""
        self.balance = params.get("balance")
        return [("balance", self.balance)]

    def fill(self, item_id: str, offset: int, text: str) -> list[Change]:
        """Takes a piece that was read with `item/get`."""
        item = self.open.get(item_id)
        self.gaps.discard(item_id)
        return [] if item is None else self._put(item, offset, text)

    def held(self, item_id: str) -> int:
        """Bytes of the open item's text without a gap before them."""
        return len(self.open[item_id].get("text", "").encode())

    def earlier(self, page: Json) -> None:
        """Takes a page of `chat/history` before what is held."""
        self.items[:0] = page.get("items", [])
        self.older = page.get("cursor")

    def _give_place(self, item: Json) -> tuple[str, int]:
        """A place is kept; times alone do not order what was opened within a millisecond."""
        place = (item.get("openedAt", ""), len(self._places))
        return self._places.setdefault(item["id"], place)

    def _insert(self, item: Json) -> None:
        place = self._give_place(item)
        index = len(self.items)
        while index and self._places.get(self.items[index - 1]["id"], ("", 0)) > place:
            index -= 1
        self.items.insert(index, item)

    def _put(self, item: Json, offset: int, piece: str) -> list[Change]:
        text = item.get("text", "")
        # ASCII text is as long in bytes as in characters, and by far the most common.
        held = len(text) if text.isascii() else len(text.encode())
        if offset > held:
            self.gaps.add(item["id"])
            return []
        kept = text if offset == held else text.encode()[:offset].decode()
        item["text"] = kept + piece
        item["textBytes"] = offset + len(piece.encode())
        return [("delta", {"itemId": item["id"], "text": piece})]

    def _chat_configured(self, event: Json) -> None:
        self.chat = event["chat"]

    def _chat_archived(self, event: Json) -> None:
        self.chat = self.chat | {"archivedAt": event["at"]}

    def _chat_restored(self, event: Json) -> None:
        self.chat = self.chat | {"archivedAt": ""}

    def _chat_reset(self, event: Json) -> None:
        if event.get("hidden"):
            self.items = []
            self.older = None

    def _chat_deleted(self, event: Json) -> None:
        self.deleted = True

    def _status_changed(self, event: Json) -> None:
        self.chat = self.chat | {"status": event["status"]}

    def _turn_started(self, event: Json) -> None:
        self.turn = event["turn"]

    def _turn_ended(self, event: Json) -> None:
        self.turn = event["turn"]
        self._count(event["turn"].get("usage"))

    def _count(self, usage: Json | None) -> None:
        totals = add_usage(self.chat.get("totals", {}), usage or {})
        self.chat = self.chat | {"totals": totals}

    def _item_added(self, event: Json) -> None:
        self._insert(event["item"])

    def _item_opened(self, event: Json) -> None:
        self._give_place(event["item"])
        self.open[event["item"]["id"]] = dict(event["item"])

    def _item_changed(self, event: Json) -> None:
        item = event["item"]
        before = self.open.get(item["id"])
        if before is not None:
            kept = {key: before[key] for key in ("text", "textBytes") if key in before}
            self.open[item["id"]] = item | kept

    def _item_closed(self, event: Json) -> None:
        item = event["item"]
        self.open.pop(item["id"], None)
        self.gaps.discard(item["id"])
        self._insert(item)

    def _queue_changed(self, event: Json) -> None:
        self.queue = event.get("entries", [])
        self.queue_paused = event.get("paused", False)
        self.chat = self.chat | {"queueLength": len(self.queue)}

    def _permission_opened(self, event: Json) -> None:
        self.permissions[event["permission"]["id"]] = event["permission"]
        self._count_permissions()

    def _permission_resolved(self, event: Json) -> None:
        self.permissions.pop(event["permissionId"], None)
        self._count_permissions()

    def _count_permissions(self) -> None:
        self.chat = self.chat | {"openPermissions": len(self.permissions)}

    def _question_opened(self, event: Json) -> None:
        self.questions[event["question"]["id"]] = event["question"]
        self._count_questions()

    def _question_resolved(self, event: Json) -> None:
        self.questions.pop(event["questionId"], None)
        self._count_questions()

    def _count_questions(self) -> None:
        self.chat = self.chat | {"openQuestions": len(self.questions)}

    def _compaction_started(self, event: Json) -> None:
        self.compacting = True
        self.compaction = event["trigger"]

    def _compaction_ended(self, event: Json) -> None:
        self._no_compaction()
        self._count(event["compaction"].get("usage"))

    def _context_changed(self, event: Json) -> None:
        self.chat = self.chat | {"context": event["context"]}

    def _attention_raised(self, event: Json) -> None:
        others = [why for why in self.chat.get("attention", []) if why != event["why"]]
        self.chat = self.chat | {"attention": [*others, event["why"]]}

    def _attention_cleared(self, event: Json) -> None:
        left = [why for why in self.chat.get("attention", []) if why != event["why"]]
        self.chat = self.chat | {"attention": left}

    def _sidecar_started(self, event: Json) -> None:
        self.sidecar = event["sidecar"]

    def _sidecar_gone(self, event: Json) -> None:
        self.sidecar = None
        self._no_compaction()

    def _no_compaction(self) -> None:
        self.compacting = False
        self.compaction = ""


def add_usage(total: Json, more: Json) -> Json:
    """Sums tokens and money. Money nobody knows is none; with one estimate the sum is one."""
    counts = {
        key: total.get(key, 0) + more.get(key, 0)
        for key in ("input", "output", "cacheRead", "cacheWrite", "reasoning")
    }
    costs = [cost for cost in (total.get("costUsd"), more.get("costUsd")) if cost is not None]
    sources = {total.get("costSource"), more.get("costSource")}
    known = more.get("costSource") or total.get("costSource")
    source = "catalogue" if "catalogue" in sources else known
    return counts | {"costUsd": sum(costs) if costs else None, "costSource": source}


def _is_cut(item: Json) -> bool:
    return bool(item.get("textBytes", 0) > len(item.get("text", "").encode()))


_EVENTS: dict[str, Callable[[Fold, Json], None]] = {
    "chat/configured": Fold._chat_configured,
    "chat/archived": Fold._chat_archived,
    "chat/restored": Fold._chat_restored,
    "chat/reset": Fold._chat_reset,
    "chat/deleted": Fold._chat_deleted,
    "status/changed": Fold._status_changed,
    "turn/started": Fold._turn_started,
    "turn/ended": Fold._turn_ended,
    "item/added": Fold._item_added,
    "item/opened": Fold._item_opened,
    "item/changed": Fold._item_changed,
    "item/closed": Fold._item_closed,
    "queue/changed": Fold._queue_changed,
    "permission/opened": Fold._permission_opened,
    "permission/resolved": Fold._permission_resolved,
    "question/opened": Fold._question_opened,
    "question/resolved": Fold._question_resolved,
    "compaction/started": Fold._compaction_started,
    "compaction/ended": Fold._compaction_ended,
    "context/changed": Fold._context_changed,
    "attention/raised": Fold._attention_raised,
    "attention/cleared": Fold._attention_cleared,
    "sidecar/started": Fold._sidecar_started,
    "sidecar/stopped": Fold._sidecar_gone,
    "sidecar/lost": Fold._sidecar_gone,
}
