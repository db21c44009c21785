"""Owns the calls that wait: each is asked about, runs as it was shown or not at all.

Claude Code's own rules are passed by: a call waits in a hook until it is decided. Only then does
Claude Code ask about it, and the answer holds the very arguments that were shown. A call that
waited for that answer would not be safe: hooks of the user's may give it in our place.
"""

import shlex
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from claudetted.harnesses.adapter import Action, ToVendor
from claudetted.harnesses.claude import frames, items, tools
from claudetted.harnesses.claude.disk import Disk
from claudetted.harnesses.claude.items import Items, Tool
from claudetted.protocol import sidecar as sc
from claudetted.protocol.questions import Option

READONLY = (
    "This chat is readonly: only reading, listing and searching are possible. Say what you would "
    "do; the user can raise the level with /permissions."
)
_ASKING = (tools.QUESTION, tools.PLAN)
"""What asks a person and runs nothing."""
_YES, _NO = "yes", "no"
_PLAN = [Option(_YES, "Yes", "carry it out"), Option(_NO, "No", "keep planning")]


class _Pending(msgspec.Struct, frozen=True):
    """A call that waits for its decision."""

    request_id: str
    tool: Tool
    arguments: msgspec.Raw
    call: tools.Call
    id: str
    """The call's own, by which Claude Code asks about it."""
    hooked: bool
    """Whether it waits in the hook."""


class _Inquiry(msgspec.Struct):
    """A call that asks a person. `answers` has those that came, by question."""

    request_id: str
    tool: Tool
    arguments: dict[str, Any]
    waiting: dict[str, str] = {}
    """Name of the inquiry -> the question."""
    answers: dict[str, str] = {}


class Gate:
    """Asks and inquiries of one process, by their names."""

    def __init__(self, disk: Disk, shown: Items) -> None:
        self.level = "standard"
        self.workspace = ""
        self._disk = disk
        self._items = shown
        self._cwds: dict[str, str] = {}
        """Where a call runs, as its hook said."""
        self._allowed: dict[str, msgspec.Raw] = {}
        """What a call may run with, of those that have left the hook."""
        self._asks: dict[str, _Pending] = {}
        self._inquiries: dict[str, _Inquiry] = {}
        self._count = 0

    def hooked(self, request_id: str, asked: frames.Asked) -> Iterator[Action]:
        """Of what a person is asked, the answer is given when Claude Code asks."""
        id, about = asked.tool_use_id, frames.decode_hook_input(asked.input)
        self._cwds[id] = about.cwd or self.workspace
        if about.tool_name in _ASKING:
            yield ToVendor(frames.ask_next(request_id))
            return
        above = self._items.agents.get(about.agent_id or "", "")
        yield from self._items.call(id, about.tool_name, above)
        yield from self._comes(request_id, id, about.tool_name, about.tool_input, hooked=True)

    def asked(self, request_id: str, asked: frames.Asked) -> Iterator[Action]:
        """Of a call that may run, or that has come past the hook."""
        id = asked.tool_use_id
        if (allowed := self._allowed.pop(id, None)) is not None:
            yield ToVendor(frames.allow(request_id, allowed))
            return
        yield from self._items.call(id, asked.tool_name, "")
        yield from self._comes(request_id, id, asked.tool_name, asked.input, hooked=False)

    def _comes(
        self, request_id: str, id: str, name: str, given: msgspec.Raw, *, hooked: bool
    ) -> Iterator[Action]:
        tool = self._items.tools[id]
        if name != tools.PLAN or tool.input == items.NOTHING:
            # Of a plan that is in no file, only the model's own call has the words.
            tool.input = given
        call = self._read(tool, tool.input, name, self._cwds.pop(id, self.workspace))
        yield from self._weigh(_Pending(request_id, tool, tool.input, call, id, hooked))

    def _read(self, tool: Tool, arguments: msgspec.Raw, name: str, cwd: str) -> tools.Call:
        """The call, with the files as they are now."""
        call = tools.read_call(name, arguments, cwd, self._disk)
        tool.diff = tools.diff_of(call)
        return call

    def _weigh(self, pending: _Pending) -> Iterator[Action]:
        if self.level == "readonly" and self._changes(pending.call):
            yield self._refuse(pending, READONLY)
        elif pending.call.name in _ASKING:
            yield from self._inquire(pending)
        else:
            yield from self._ask(pending)

    def _changes(self, call: tools.Call) -> bool:
        if call.name == tools.QUESTION:
            return False
        return tools.access_of(call.name) in tools.CHANGING

    def _ask(self, pending: _Pending, supersedes: str = "") -> Iterator[Action]:
        name = self._name("a")
        self._asks[name] = pending
        tool = pending.tool
        tool.phase = "asking"
        yield sc.ItemChange(tool.item, tool.info("asking"))
        yield sc.Ask(name, tool.item, tools.request_of(pending.call), supersedes)

    def decide(self, line: sc.Decide) -> Iterator[Action]:
        """A decision about a call that does not wait any more changes nothing."""
        pending = self._asks.pop(line.ask, None)
        if pending is None:
            return
        if not line.allow:
            told = f"The user did not allow this call: {line.reason}".removesuffix(": ")
            yield self._refuse(pending, told)
        elif tools.is_stale(pending.call, self._disk):
            yield from self._ask(self._again(pending), line.ask)
        else:
            yield from self._run(pending, line)

    def _again(self, pending: _Pending) -> _Pending:
        """The same call, with the file as it is now."""
        old = pending.call
        call = self._read(pending.tool, pending.arguments, old.name, old.cwd)
        return replace(pending, call=call)

    def _run(self, pending: _Pending, line: sc.Decide) -> Iterator[Action]:
        tool = pending.tool
        tool.phase = "running"
        yield sc.ItemChange(tool.item, tool.info("running"))
        held = line.confinement.environment if line.confinement else {}
        arguments = _with_environment(pending, held) if held else pending.arguments
        if pending.hooked:
            self._allowed[pending.id] = arguments
            yield ToVendor(frames.ask_next(pending.request_id))
        else:
            yield ToVendor(frames.allow(pending.request_id, arguments))

    def _refuse(self, pending: _Pending | _Inquiry, message: str) -> ToVendor:
        pending.tool.denied = message
        hooked = isinstance(pending, _Pending) and pending.hooked
        refusal = frames.block if hooked else frames.deny
        return ToVendor(refusal(pending.request_id, message))

    def cancelled(self, request_id: str) -> Iterator[Action]:
        """It needs no answer any more."""
        for name, pending in list(self._asks.items()):
            if pending.request_id == request_id:
                del self._asks[name]
                yield sc.AskWithdrawn(name)
        for name, inquiry in list(self._inquiries.items()):
            if inquiry.request_id == request_id:
                del self._inquiries[name]
                yield sc.InquiryWithdrawn(name)

    def withdraw(self) -> Iterator[Action]:
        """The turn is over."""
        yield from (sc.AskWithdrawn(name) for name in self._asks)
        yield from (sc.InquiryWithdrawn(name) for name in self._inquiries)
        self._asks.clear()
        self._inquiries.clear()
        self._cwds.clear()
        self._allowed.clear()

    # What needs a person and is no permission

    def _inquire(self, pending: _Pending) -> Iterator[Action]:
        tool, arguments = pending.tool, pending.call.arguments
        inquiry = _Inquiry(pending.request_id, tool, arguments)
        tool.phase = "asking"
        yield sc.ItemChange(tool.item, tool.info("asking"))
        if pending.call.name == tools.PLAN:
            plan = str(arguments.get("plan", ""))
            name = self._waits(inquiry, "plan")
            yield sc.Inquiry(name, "Carry out this plan?", plan, _PLAN, free=True)
            return
        for question in _questions(arguments):
            title = str(question.get("question", ""))
            name = self._waits(inquiry, title)
            several = bool(question.get("multiSelect"))
            header = str(question.get("header", ""))
            options = _options(question)
            yield sc.Inquiry(name, title, header, options, free=True, several=several)
        if not inquiry.waiting:
            yield self._refuse(inquiry, "There was no question that could be shown.")

    def _waits(self, inquiry: _Inquiry, question: str) -> str:
        name = self._name("q")
        inquiry.waiting[name] = question
        self._inquiries[name] = inquiry
        return name

    def informed(self, line: sc.Inform) -> Iterator[Action]:
        inquiry = self._inquiries.pop(line.inquiry, None)
        if inquiry is None:
            return
        question = inquiry.waiting.pop(line.inquiry)
        inquiry.answers[question] = line.value.replace("\n", ", ")
        if inquiry.waiting:
            return
        if inquiry.tool.name == tools.PLAN and line.value != _YES:
            said = "" if line.value == _NO else f": {line.value}"
            yield self._refuse(inquiry, f"The user wants you to keep planning{said}")
            return
        tool = inquiry.tool
        tool.phase = "running"
        yield sc.ItemChange(tool.item, tool.info("running"))
        told = {} if tool.name == tools.PLAN else {"answers": inquiry.answers}
        arguments = msgspec.json.encode(inquiry.arguments | told)
        yield ToVendor(frames.allow(inquiry.request_id, msgspec.Raw(arguments)))

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"


def _with_environment(pending: _Pending, held: dict[str, str]) -> msgspec.Raw:
    """What the daemon took for granted of a command that it let run unasked."""
    words = " ".join(f"{name}={shlex.quote(value)}" for name, value in held.items())
    command = f"export {words}\n{pending.call.arguments.get('command', '')}"
    return msgspec.Raw(msgspec.json.encode({**pending.call.arguments, "command": command}))


def _questions(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    told = arguments.get("questions")
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _options(question: dict[str, Any]) -> list[Option]:
    told = question.get("options")
    options = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return [
        Option(str(one["label"]), str(one["label"]), str(one.get("description", "")))
        for one in options
        if one.get("label")
    ]
