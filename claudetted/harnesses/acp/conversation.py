"""Owns what an agent tells of its session: speech, calls, permissions, its plan, what it used."""

from collections.abc import Iterable, Iterator

import msgspec

from claudetted.harnesses import plans
from claudetted.harnesses.acp import asks as asking, messages as acp, requests
from claudetted.harnesses.acp.agent import Agent
from claudetted.harnesses.acp.asks import Asked, Asks
from claudetted.harnesses.acp.calls import CHANGING, Call, Calls
from claudetted.harnesses.acp.disk import Disk
from claudetted.harnesses.acp.messages import Id, PermissionRequest, ToolCall
from claudetted.harnesses.acp.offered import MODE, MODEL
from claudetted.harnesses.acp.speech import Kind, Names, Speech, Status
from claudetted.harnesses.adapter import Action, ToVendor, Wake, log
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

WORDS_SECONDS = 0.3
"""So long a permission waits for the arguments of its call, where they come after it."""
HELD = "words "


class _Usage(msgspec.Struct):
    used: int | None = None
    size: int | None = None
    cost: float | None = None
    """Of the session so far, in USD."""


class _PlanItem(msgspec.Struct):
    item: str
    entries: list[plans.Entry] = []


class Conversation:
    """Of one session, in the order in which it is told."""

    def __init__(self, agent: Agent, names: Names, disk: Disk) -> None:
        self.cwd = ""
        self.usage = _Usage()
        self.stopping = False
        self.unasked = ""
        """What ran in this turn without asking, where nothing may."""
        self.silent = False
        """What is said now is of a summary, and not of the conversation."""
        self._agent = agent
        self._names = names
        self._disk = disk
        self._speech = Speech(names)
        self._calls = Calls(names, disk)
        self._asks = Asks(names, disk)
        self._held: dict[str, tuple[Id, PermissionRequest]] = {}
        """Permissions that do not say yet what they are about, by the call."""
        self._plan: _PlanItem | None = None
        self._unknown: set[str] = set()

    # What it tells

    def update(self, data: msgspec.Raw) -> Iterator[Action | Line]:
        kind = acp.kind_of(data)
        match kind:
            case "agent_message_chunk" | "agent_thought_chunk":
                yield from self._chunk(kind, msgspec.json.decode(data, type=acp.Chunk))
            case "tool_call" | "tool_call_update":
                yield from self._call(kind, msgspec.json.decode(data, type=ToolCall))
            case "plan":
                yield from self._planned(msgspec.json.decode(data, type=acp.Plan))
            case "user_message_chunk" | "session_info_update":
                pass  # What we sent, and a title that agents make of anything.
            case _:
                self.note(data)

    def note(self, data: msgspec.Raw) -> None:
        """What holds for the session, also while its replay is left out."""
        kind = acp.kind_of(data)
        match kind:
            case "usage_update":
                self._used(msgspec.json.decode(data, type=acp.Used))
            case "available_commands_update":
                told = msgspec.json.decode(data, type=acp.AgentCommands)
                self._agent.commands = [_row(one) for one in told.available_commands]
            case "current_mode_update":
                changed = msgspec.json.decode(data, type=acp.ModeChanged)
                self._agent.offered.now(MODE, changed.current_mode_id)
            case "config_option_update":
                options = msgspec.json.decode(data, type=acp.Configured).config_options
                self._agent.offered.take_options(options or [])
            case _:
                self._left_out(kind)

    def _left_out(self, kind: str) -> None:
        known = {"user_message_chunk", "agent_message_chunk", "agent_thought_chunk", "plan"}
        known |= {"tool_call", "tool_call_update", "session_info_update"}
        if kind not in known and kind not in self._unknown:
            self._unknown.add(kind)
            log(f"{self._agent.name} told of {kind[:80]!r}, which this adapter does not know")

    def _chunk(self, kind: str, chunk: acp.Chunk) -> Iterator[Line]:
        text = chunk.content.shown
        if text and not self.silent:
            model = self._agent.offered.current(MODEL)
            said: Kind = "message" if kind == "agent_message_chunk" else "reasoning"
            yield from self._speech.say(said, text, chunk.message_id, model)

    def _call(self, kind: str, update: ToolCall) -> Iterator[Action | Line]:
        known = self._calls.find(update.tool_call_id)
        if known is None and kind == "tool_call":
            yield from self._speech.close()
        if known:
            self._check_asked(known, update)
        self._calls.stopping = self.stopping
        yield from self._calls.heard(update, opens=kind == "tool_call")
        held = self._held.get(update.tool_call_id)
        if held and (update.raw_input or update.content):
            yield from self._ask_now(*held)

    def _check_asked(self, call: Call, update: ToolCall) -> None:
        """It is late to notice, but not too late to stop what would follow."""
        kind = update.kind or call.known.kind
        done = update.status == "completed" and not call.asked
        if done and kind in CHANGING and self._agent.level != "full":
            self.unasked = self.unasked or update.title or call.known.title or str(kind)

    def _planned(self, plan: acp.Plan) -> Iterator[Line]:
        tool = plans.told(plan.entries, "running").tool
        if self._plan is None:
            yield from self._speech.close()
            self._plan = _PlanItem(self._names.new("p"), plan.entries)
            yield sc.ItemOpen(self._plan.item, "tool", tool)
        else:
            self._plan.entries = plan.entries
            yield sc.ItemChange(self._plan.item, tool)

    def _used(self, told: acp.Used) -> None:
        self.usage.used = told.used if told.used is not None else self.usage.used
        self.usage.size = told.size or self.usage.size
        if told.cost and told.cost.currency == "USD":
            self.usage.cost = told.cost.amount

    # Permissions

    def permission(self, number: Id, request: PermissionRequest) -> Iterator[Action | Line]:
        if self.stopping:
            yield answered(number, "")
            return
        call_id = request.tool_call.tool_call_id
        if self._calls.find(call_id) is None:
            yield from self._speech.close()
            opened = msgspec.structs.replace(request.tool_call, status=None)
            yield from self._calls.heard(opened, opens=True)
        call = self._calls.find(call_id)
        assert call
        if requests.tells_enough(asking.about(call, request.tool_call)):
            yield from self._ask(call, number, request)
        else:
            self._held[call_id] = number, request
            yield Wake(WORDS_SECONDS, f"{HELD}{call_id}")

    def waited(self, call_id: str) -> Iterator[Action | Line]:
        """The arguments did not come: it is asked about as it is."""
        if held := self._held.get(call_id):
            yield from self._ask_now(*held)

    def _ask_now(self, number: Id, request: PermissionRequest) -> Iterator[Action | Line]:
        call_id = request.tool_call.tool_call_id
        del self._held[call_id]
        if call := self._calls.find(call_id):
            yield from self._ask(call, number, request)
        else:
            yield answered(number, "")

    def _ask(self, call: Call, number: Id, request: PermissionRequest) -> Iterator[Action | Line]:
        call.merge(msgspec.structs.replace(request.tool_call, status=None, title=None))
        call.phase = "asking"
        yield from self._calls.show(call)
        yield self._asks.ask(call, request, number, self.cwd)

    def decide(self, line: sc.Decide) -> Iterator[Action | Line]:
        asked = self._asks.take(line.ask)
        if asked is None:
            return
        option = asking.approval(asked.options) if line.allow else asking.rejection(asked.options)
        if line.allow and option:
            asked.call.phase = "running"
        else:
            asked.call.denied = f"{asking.DENIED} {line.reason}".strip()
        if line.allow and not option:
            yield from self._only_standing(asked)
            option = asking.rejection(asked.options)
        yield from self._calls.show(asked.call)
        yield answered(asked.request, option)

    def _only_standing(self, asked: Asked) -> Iterator[Line]:
        text = (
            f"{self._agent.name} offers no way to allow this once, only for good, which claudetted "
            "never chooses for you; the call was refused."
        )
        asked.call.denied = text
        yield sc.Notice("info", text)

    def withdrawn(self, number: Id | None) -> Iterator[Action | Line]:
        """The agent does not want to know any more. The request is answered all the same."""
        for call_id, (waiting, _) in list(self._held.items()):
            if waiting == number:
                del self._held[call_id]
                yield ToVendor(acp.refusal(waiting, acp.CANCELLED, "cancelled"))
        if asked := self._asks.by_request(number):
            self._asks.take(asked.name)
            yield sc.AskWithdrawn(asked.name)
            yield ToVendor(acp.refusal(asked.request, acp.CANCELLED, "cancelled"))

    # Its ends

    def drain(self) -> Iterator[Action | Line]:
        """Nothing waits for a person any more: some agents wait for our answers before they
        stop."""
        for number, _ in self._held.values():
            yield answered(number, "")
        self._held.clear()
        for asked in self._asks.drain():
            yield sc.AskWithdrawn(asked.name)
            yield answered(asked.request, "")

    def close(self, status: Status) -> Iterator[Action | Line]:
        """All that a turn has opened."""
        yield from self.drain()
        yield from self._speech.close(status)
        yield from self._calls.end_all(status)
        if plan := self._plan:
            self._plan = None
            told = plans.told(plan.entries, "ended")
            yield sc.ItemClose(plan.item, "done", told.text, told.tool)

    def begin(self, cwd: str) -> None:
        self.cwd = self._calls.cwd = cwd


def answered(number: Id, option: str) -> ToVendor:
    return ToVendor(acp.answer(number, asking.selected(option)))


def _row(command: acp.AgentCommand) -> sc.CommandRow:
    hint = command.input.hint if command.input else ""
    about = " ".join(command.description.split())
    return sc.CommandRow(command.name.lstrip("/"), about[:300], hint)


def denials(reasons: Iterable[str]) -> str:
    """What the next prompt tells the model: a refusal cannot carry a reason in this protocol."""
    told = " ".join(reasons)
    return f"(Of the calls that were denied, the user says: {told})" if told else ""
