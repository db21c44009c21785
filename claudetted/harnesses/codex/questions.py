"""Owns what Codex and its MCP servers want to know of a person."""

from typing import Any

import msgspec

from claudetted.harnesses.codex.exchange import Exchange
from claudetted.harnesses.codex.vendor import Ask, Asks, Elicitation, Head, Struct
from claudetted.protocol import sidecar as sc
from claudetted.protocol.questions import Option

_YES, _NO = Option("accept", "Yes"), Option("decline", "No")


class Property(Struct):
    """One field of a form. `enum` has what can be chosen."""

    type: str = "string"
    title: str | None = None
    description: str | None = None
    enum: list[str] | None = None


class Form(Struct):
    properties: dict[str, Property] = {}


class Open(msgspec.Struct):
    """One request, whose questions are asked one after the other."""

    request: int | str
    form: bool
    waiting: list[str]
    fields: dict[str, sc.Inquiry]
    kinds: dict[str, str] = {}
    given: dict[str, str] = {}


class Questions:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._open: dict[str, Open] = {}
        """By the name of the inquiry that is asked now."""
        self._count = 0

    def asked(self, head: Head) -> None:
        """`item/tool/requestUserInput`"""
        assert head.id is not None
        told = msgspec.json.decode(head.params, type=Asks)
        fields = {ask.id: self._inquiry(ask) for ask in told.questions}
        self._next(Open(head.id, False, [ask.id for ask in told.questions], fields))

    def elicited(self, head: Head, asked: Elicitation) -> None:
        """A form of an MCP server's, or a page that it wants opened."""
        assert head.id is not None
        title = f"{asked.serverName} asks: {asked.message}"
        if asked.mode == "url":
            inquiry = sc.Inquiry(self._name(), title, asked.url or "", [_YES, _NO])
            self._next(Open(head.id, True, [""], {"": inquiry}))
            return
        form = msgspec.json.decode(asked.requestedSchema, type=Form)
        if not form.properties:
            self._next(
                Open(head.id, True, [""], {"": sc.Inquiry(self._name(), title, "", [_YES, _NO])})
            )
            return
        fields = {name: self._of_field(title, name, one) for name, one in form.properties.items()}
        kinds = {name: one.type for name, one in form.properties.items()}
        self._next(Open(head.id, True, list(fields), fields, kinds))

    def informed(self, line: sc.Inform) -> None:
        found = self._open.pop(line.inquiry, None)
        if found is None:
            return
        found.given[found.waiting.pop(0)] = line.value
        self._next(found)

    def resolved(self, request: int | str) -> None:
        for name, found in list(self._open.items()):
            if found.request == request:
                del self._open[name]
                self._exchange.say(sc.InquiryWithdrawn(name))

    def withdraw_all(self) -> None:
        for found in list(self._open.values()):
            self.resolved(found.request)
            self._exchange.answer(
                found.request, {"action": "cancel"} if found.form else {"answers": {}}
            )

    def _next(self, found: Open) -> None:
        if not found.waiting:
            self._exchange.answer(found.request, _answer(found))
            return
        inquiry = found.fields[found.waiting[0]]
        self._open[inquiry.inquiry] = found
        self._exchange.say(inquiry)

    def _inquiry(self, ask: Ask) -> sc.Inquiry:
        options = [Option(one.label, one.label, one.description) for one in ask.options or []]
        return sc.Inquiry(
            self._name(), ask.question, ask.header, options, free=ask.is_other, secret=ask.is_secret
        )

    def _of_field(self, title: str, name: str, field: Property) -> sc.Inquiry:
        about = ": ".join(filter(None, [field.title or name, field.description]))
        values = ["true", "false"] if field.type == "boolean" else field.enum or []
        return sc.Inquiry(self._name(), title, about, [Option(one, one) for one in values])

    def _name(self) -> str:
        self._count += 1
        return f"q{self._count}"


def _answer(found: Open) -> dict[str, Any]:
    if not found.form:
        return {"answers": {name: {"answers": [value]} for name, value in found.given.items()}}
    if "" in found.given:
        return {"action": found.given[""], "content": {}}
    content = {name: _typed(found.kinds[name], value) for name, value in found.given.items()}
    return {"action": "accept", "content": content}


def _typed(kind: str, value: str) -> Any:
    if kind == "boolean":
        return value == "true"
    if kind in ("number", "integer"):
        try:
            return msgspec.json.decode(value, type=int | float)
        except msgspec.MsgspecError:
            return value
    return value
