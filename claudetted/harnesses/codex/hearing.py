"""Owns what each line of Codex's does here."""

from collections.abc import Callable

import msgspec

from claudetted.harnesses import adapter
from claudetted.harnesses.codex import search, vendor
from claudetted.harnesses.codex.asks import Asks
from claudetted.harnesses.codex.exchange import Exchange
from claudetted.harnesses.codex.items import Items
from claudetted.harnesses.codex.questions import Questions
from claudetted.harnesses.codex.turns import Turns
from claudetted.protocol import sidecar as sc

NEARLY = 90
"""Per cent of an account's limit, from which on people are told."""
_UNKNOWN_MODEL = "Model metadata for"
"""Codex says it in every turn of a model that is not in its own list."""
_delta = msgspec.json.Decoder(vendor.Delta).decode
_item = msgspec.json.Decoder(vendor.OfItem).decode


class Hearing:
    def __init__(
        self, exchange: Exchange, items: Items, asks: Asks, questions: Questions, turns: Turns
    ) -> None:
        self._exchange = exchange
        self._items = items
        self._asks = asks
        self._questions = questions
        self._turns = turns
        self._meter = turns.meter
        self._compaction = turns.compaction
        self._now = 0.0
        self._limit_told = False

    def hear(self, head: vendor.Head, now: float) -> None:
        self._now = now
        if head.id is not None and head.method:
            self._asked(head)
        elif head.id is not None:
            self._exchange.answered(head)
        else:
            self._told(head)

    def _asked(self, head: vendor.Head) -> None:
        assert head.id is not None
        thread = msgspec.json.decode(head.params, type=_OfThread).thread_id
        match head.method:
            case "item/commandExecution/requestApproval" | "item/fileChange/requestApproval":
                self._asks.approval(head, thread)
            case "mcpServer/elicitation/request":
                asked = msgspec.json.decode(head.params, type=vendor.Elicitation)
                if asked.meta and asked.meta.codex_approval_kind == "mcp_tool_call":
                    self._asks.mcp(head, asked, thread)
                else:
                    self._questions.elicited(head, asked)
            case "item/tool/requestUserInput":
                self._questions.asked(head)
            case _:
                adapter.log(f"Codex asked what is not known: {head.method}")
                self._exchange.decline(head.id, "claudetted does not know this request.")

    def _told(self, head: vendor.Head) -> None:
        if kind := _DELTAS.get(head.method):
            self._items.grew(_delta(head.params), kind)
        elif hear := _HEARD.get(head.method):
            hear(self, head.params)

    def _item_started(self, params: msgspec.Raw) -> None:
        told = _item(params)
        if told.item.type == "userMessage":
            self._turns.taken(told.item.client_id)
        elif told.item.type == "contextCompaction":
            self._compaction.started(self._now)
        else:
            self._asks.told(told.item)
            self._items.started(told.item, told.thread_id)

    def _item_completed(self, params: msgspec.Raw) -> None:
        told = _item(params)
        if told.item.type == "contextCompaction":
            self._compaction.completed(self._now)
        else:
            self._items.completed(told.item, told.thread_id)

    def _output(self, params: msgspec.Raw) -> None:
        delta = _delta(params)
        if self._items.has(delta.item_id):
            self._items.grew(delta, "tool")

    def _turn_started(self, params: msgspec.Raw) -> None:
        self._turns.started(msgspec.json.decode(params, type=vendor.OfTurn))

    def _turn_completed(self, params: msgspec.Raw) -> None:
        self._turns.completed(msgspec.json.decode(params, type=vendor.OfTurn), self._now)

    def _error(self, params: msgspec.Raw) -> None:
        self._turns.failed(msgspec.json.decode(params, type=vendor.OfError))

    def _usage(self, params: msgspec.Raw) -> None:
        told = msgspec.json.decode(params, type=vendor.OfUsage)
        self._meter.told(told, own=told.thread_id == self._turns.thread)
        if self._turns.running and (used := self._meter.used()):
            self._exchange.say(sc.UsedSoFar(used))

    def _plan(self, params: msgspec.Raw) -> None:
        self._items.planned(msgspec.json.decode(params, type=vendor.Plan), self._turns.thread)

    def _diff(self, params: msgspec.Raw) -> None:
        told = msgspec.json.decode(params, type=vendor.OfDiff)
        if told.thread_id == self._turns.thread:
            self._items.changes = told.diff

    def _closed(self, params: msgspec.Raw) -> None:
        self._turns.closed(msgspec.json.decode(params, type=_OfThread).thread_id)

    def _warning(self, params: msgspec.Raw) -> None:
        text = msgspec.json.decode(params, type=vendor.Said).message
        if text.startswith((_UNKNOWN_MODEL, search.UNFINISHED)):
            adapter.log(text)
        else:
            self._exchange.say(sc.Notice("info", text))

    def _rerouted(self, params: msgspec.Raw) -> None:
        told = msgspec.json.decode(params, type=vendor.Rerouted)
        text = f"OpenAI answers with {told.to_model} instead of {told.from_model}."
        self._exchange.say(sc.Notice("info", text))

    def _limits(self, params: msgspec.Raw) -> None:
        limits = msgspec.json.decode(params, type=vendor.OfLimits).rate_limits
        found = [window for window in (limits.primary, limits.secondary) if window]
        fullest = max(found, key=lambda window: window.used_percent, default=None)
        near = fullest is not None and fullest.used_percent >= NEARLY
        if fullest and near and not self._limit_told:
            hours = (fullest.window_duration_mins or 0) // 60
            of = f"its limit of {hours} h" if hours else "its limit"
            text = f"The Codex account has used {fullest.used_percent} % of {of}."
            self._exchange.say(sc.Notice("info", text))
        self._limit_told = near

    def _resolved(self, params: msgspec.Raw) -> None:
        told = msgspec.json.decode(params, type=vendor.Resolved)
        self._asks.resolved(told.request_id)
        self._questions.resolved(told.request_id)


class _OfThread(vendor.Struct):
    thread_id: str = ""


_DELTAS = {
    "item/agentMessage/delta": "message",
    "item/plan/delta": "message",
    "item/reasoning/summaryTextDelta": "reasoning",
    "item/reasoning/textDelta": "reasoning",
}
_HEARD: dict[str, Callable[[Hearing, msgspec.Raw], None]] = {
    "item/started": Hearing._item_started,
    "item/completed": Hearing._item_completed,
    "item/commandExecution/outputDelta": Hearing._output,
    "turn/started": Hearing._turn_started,
    "turn/completed": Hearing._turn_completed,
    "turn/plan/updated": Hearing._plan,
    "turn/diff/updated": Hearing._diff,
    "thread/closed": Hearing._closed,
    "thread/tokenUsage/updated": Hearing._usage,
    "account/rateLimits/updated": Hearing._limits,
    "serverRequest/resolved": Hearing._resolved,
    "error": Hearing._error,
    "warning": Hearing._warning,
    "model/rerouted": Hearing._rerouted,
}
"""Of all others nothing is shown."""
