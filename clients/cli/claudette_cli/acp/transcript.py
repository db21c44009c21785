"""Owns what an editor has been shown of one chat, and the updates that show it the rest."""

from __future__ import annotations

from claudette_cli.acp import updates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from claudette_cli.acp.editor import Editor
    from claudette_cli.client.fold import Change, Fold

    Json = dict[str, Any]

_GROWTH = 1.5
_LEAST = 2048
"""Output that grows is shown again as a whole, so only when there is so much more of it."""


class Transcript:
    """Gives updates as items come, grow and close; each piece of text once, whatever was resumed
    in between."""

    def __init__(self, fold: Fold, editor: Editor, mine: Callable[[str], bool]) -> None:
        """`mine` says of a turn whether the editor began it, and so shows its prompt already."""
        self._fold = fold
        self._compactions = editor.session_capabilities.get("compaction") is not None
        self._notices = editor.session_capabilities.get("notices") is not None
        self._plans = editor.shows_plans
        self._mine = mine
        self._closed: set[str] = set()
        self._shown: dict[str, int] = {}
        """Characters of each open item's text."""
        self._planned: tuple[str, Json] | None = None
        """The item of the plan that is shown, and the plan."""
        self._past_plan: tuple[str, Json] | None = None
        """That of what is replayed, of which the last one is shown at its end."""

    def skip(self) -> None:
        """Takes what there is for shown, as an editor that resumes wants it. Open text is shown
        from its beginning, since an editor cannot have seen the end of it."""
        self._closed |= {item["id"] for item in self._fold.items}

    def replay(self, items: Iterable[Json]) -> list[Json]:
        """A past that is read again, older than everything the fold holds or part of it."""
        found: list[Json] = []
        for item in items:
            if item["id"] in self._closed:
                continue
            self._closed.add(item["id"])
            if plan := self._plan_of(item):
                self._past_plan = item["id"], plan
            elif item["kind"] != "notice" or updates.is_history(item):
                found += self._whole(item, live=False)
        return found

    def catch_up(self) -> list[Json]:
        """What the fold holds and was not shown: closed items, then the open ones so far."""
        past, self._past_plan = self._past_plan, None
        found = self._show_plan(*past) if past else []
        for item in self._fold.items:
            if item["id"] not in self._closed:
                found += self._close(item)
        for item in self._fold.open.values():
            found += self._begin(item)
        return found

    def of(self, change: Change) -> list[Json]:
        """What one change of the fold means for the transcript."""
        name, event = change
        if name == "item/opened":
            return self._begin(event["item"])
        if name == "item/changed":
            item = self._fold.open.get(event["item"]["id"])
            return self._change(item) if item and item["kind"] == "tool" else []
        if name in ("item/added", "item/closed"):
            return self._close(event["item"])
        if name == "delta":
            item = self._fold.open.get(event["itemId"])
            return self._more(item) if item else []
        return []

    def _plan_of(self, item: Json) -> Json | None:
        return updates.plan(item) if self._plans and item["kind"] == "tool" else None

    def _show_plan(self, item_id: str, plan: Json) -> list[Json]:
        """In the place of the call that tells it, once."""
        if self._planned == (item_id, plan):
            return []
        self._planned = item_id, plan
        return [plan]

    def _change(self, item: Json) -> list[Json]:
        """A call as it is known now."""
        if plan := self._plan_of(item):
            return self._show_plan(item["id"], plan)
        return [updates.tool_update(item)] if item["id"] in self._shown else self._begin(item)

    def _begin(self, item: Json) -> list[Json]:
        if plan := self._plan_of(item):
            return self._show_plan(item["id"], plan)
        if self._plans and item["kind"] == "tool" and updates.awaits_plan(item):
            return []
        first = item["id"] not in self._shown
        self._shown.setdefault(item["id"], 0)
        if item["kind"] == "tool" and first:
            return [updates.tool_call(item), *self._more(item)]
        return self._more(item)

    def _more(self, item: Json) -> list[Json]:
        text, shown = item.get("text", ""), self._shown.get(item["id"], 0)
        if updates.is_text(item):
            self._shown[item["id"]] = max(shown, len(text))
            return [updates.chunk(item, text[shown:])] if len(text) > shown else []
        if item["kind"] == "tool" and len(text) > max(shown * _GROWTH, shown + _LEAST):
            self._shown[item["id"]] = len(text)
            return [updates.output(item, text)]
        return []

    def _close(self, item: Json) -> list[Json]:
        if item["id"] in self._closed:
            return []
        self._closed.add(item["id"])
        shown = self._shown.pop(item["id"], None)
        if item.get("status") == "discarded":
            return []
        if (plan := self._plan_of(item)) and shown is None:
            return self._show_plan(item["id"], plan)
        if shown is None:
            return self._whole(item, live=True)
        if item["kind"] == "tool":
            return [updates.tool_update(item)]
        rest = item.get("text", "")[shown:]
        return [updates.chunk(item, rest)] if rest and updates.is_text(item) else []

    def _whole(self, item: Json, *, live: bool) -> list[Json]:
        if item["kind"] == "user":
            mine = live and self._mine(item.get("turnId", ""))
            shown = [updates.image(item, about) for about in item.get("images", [])]
            return [] if mine else [updates.chunk(item, item.get("text", "")), *shown]
        if updates.is_text(item):
            return [updates.chunk(item, item["text"])] if item.get("text") else []
        if item["kind"] == "tool":
            return [updates.tool_call(item)]
        if item["kind"] == "compaction":
            told = updates.compaction(item)
            return [told if self._compactions else updates.said(updates.compacted(item))]
        if live and self._notices:
            return [updates.notice(item)]
        return [updates.said(updates.noticed(item), item["id"])]
