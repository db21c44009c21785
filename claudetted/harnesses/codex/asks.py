"""Owns what asks before it runs: every call passes our hook, and then Codex's own requests.

A call that was allowed at the hook is not asked about again: Codex's request for it is answered if
it is for the same. One that never passed the hook is asked about by its request.
"""

from itertools import count

import msgspec

from claudetted.harnesses import adapter
from claudetted.harnesses.codex import calls, hook
from claudetted.harnesses.codex.exchange import Exchange
from claudetted.harnesses.codex.items import Items
from claudetted.harnesses.codex.vendor import Approval, Elicitation, Head, HookCall, Item
from claudetted.protocol import sidecar as sc

STOPPED = "The turn was stopped."
REFUSED = "The user refused this call."
_decode_call = msgspec.json.Decoder(HookCall).decode


class Pending(msgspec.Struct):
    """One that waits for a decision; answered to the hook's process, or to Codex's request."""

    item: str
    call: calls.Call
    caller: int = 0
    request: int | str | None = None
    elicits: bool = False


class Asks:
    def __init__(self, exchange: Exchange, items: Items) -> None:
        self._exchange = exchange
        self._items = items
        self._numbers = count(1)
        self._pending: dict[str, Pending] = {}
        self._allowed: dict[str, calls.Call] = {}
        """By item: passed the hook, and not asked about by Codex yet."""
        self._told: dict[str, Item] = {}
        """Changes of files that Codex has told of: its request names only the item."""
        self.cwd = ""
        self.stopping = False

    # The hook

    def called(self, caller: int, question: bytes) -> None:
        try:
            told = _decode_call(question)
            call = calls.of_hook(told)
        except msgspec.MsgspecError as error:
            adapter.log(f"the hook asked what cannot be read: {error}")
            self._verdict(caller, "claudetted does not understand this call of Codex's.")
            return
        if calls.is_harmless(told.tool_name):
            self._verdict(caller)
        elif self.stopping:
            self._verdict(caller, STOPPED)
        else:
            item = told.tool_use_id
            self._ask(Pending(item, call, caller=caller), told.thread)

    def caller_left(self, caller: int) -> None:
        """Codex gave the call up."""
        for name, pending in list(self._pending.items()):
            if pending.caller == caller:
                self._withdraw(name)

    # Codex's own requests

    def told(self, item: Item) -> None:
        if item.type == "fileChange":
            self._told[item.id] = item

    def approval(self, head: Head, thread: str) -> None:
        assert head.id is not None
        asked = msgspec.json.decode(head.params, type=Approval)
        call = calls.of_approval(asked, self._told.pop(asked.item_id, None), self.cwd)
        allowed = self._allowed.pop(asked.item_id, None)
        if allowed and calls.same(allowed, call):
            self._exchange.answer(head.id, {"decision": "accept"})
        else:
            self._ask(Pending(asked.item_id, call, request=head.id), thread)

    def mcp(self, head: Head, asked: Elicitation, thread: str) -> None:
        """The call of a tool of an MCP server, which names no item."""
        assert head.id is not None and asked.meta
        name = f"mcp__{asked.serverName}__{asked.meta.tool_name}"
        for item, call in self._allowed.items():
            if call.request.tool == name:
                del self._allowed[item]
                self._exchange.answer(head.id, {"action": "accept", "content": {}})
                return
        call = calls.unknown(name, bytes(asked.meta.tool_params), self.cwd)
        pending = Pending(f"mcp-{head.id}", call, request=head.id, elicits=True)
        self._ask(pending, thread)

    def resolved(self, request: int | str) -> None:
        for name, pending in list(self._pending.items()):
            if pending.request == request:
                self._withdraw(name)

    # The engine's answer

    def decided(self, line: sc.Decide) -> None:
        pending = self._pending.pop(line.ask, None)
        if pending is None:
            return  # It came before, or the call was given up.
        if line.allow:
            self._items.allowed(pending.item)
            if pending.caller:
                self._allowed[pending.item] = pending.call
        else:
            self._items.denied(pending.item, line.reason or REFUSED)
        self._answer(pending, line.allow, line.reason or REFUSED)

    def withdraw_all(self) -> None:
        """The turn ends: nobody is asked any more, and what waits does not run."""
        for name in list(self._pending):
            pending = self._pending[name]
            self._withdraw(name)
            self._answer(pending, allow=False, reason=STOPPED)

    def turn_ended(self) -> None:
        self._allowed.clear()
        self._told.clear()
        self.stopping = False

    def _ask(self, pending: Pending, thread: str) -> None:
        name = f"a{next(self._numbers)}"
        self._pending[name] = pending
        item = self._items.asking(pending.item, pending.call.tool, thread)
        self._exchange.say(sc.Ask(name, item, pending.call.request))

    def _withdraw(self, name: str) -> None:
        del self._pending[name]
        self._exchange.say(sc.AskWithdrawn(name))

    def _answer(self, pending: Pending, allow: bool, reason: str) -> None:
        if pending.caller:
            self._verdict(pending.caller, "" if allow else reason)
        elif pending.request is not None and pending.elicits:
            action = {"action": "accept", "content": {}} if allow else {"action": "decline"}
            self._exchange.answer(pending.request, action)
        elif pending.request is not None:
            self._exchange.answer(pending.request, {"decision": "accept" if allow else "decline"})

    def _verdict(self, caller: int, reason: str = "") -> None:
        """Without a reason to deny, Codex goes on as it would without a hook."""
        text = msgspec.json.encode(hook.denial(reason)) if reason else b"{}"
        self._exchange.do(adapter.AnswerCaller(caller, text))
