"""Owns the pieces of a turn: Codex's items become ours, whichever of them is heard of first."""

from itertools import count

import msgspec
from msgspec.structs import replace

from claudetted.harnesses import plans
from claudetted.harnesses.codex import search
from claudetted.harnesses.codex.exchange import Exchange
from claudetted.harnesses.codex.vendor import Delta, Item, Plan
from claudetted.protocol import sidecar as sc

SPOKEN = {"agentMessage": "message", "plan": "message", "reasoning": "reasoning"}
SILENT = frozenset({"userMessage", "hookPrompt", "contextCompaction", "functionCallOutput"})
"""They are told otherwise, or are nothing to show."""
_STATUSES = {"inProgress": "in_progress"}
"""Of the steps of a plan, where they are not called as ours."""


class Open(msgspec.Struct):
    """One that is open: `said` is how much text it has, in characters."""

    name: str
    tool: sc.ToolInfo | None = None
    said: int = 0
    part: int = 0
    started: bool = False
    """Codex has told that it runs."""


class Items:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._numbers = count(1)
        self._open: dict[str, Open] = {}
        self._left: set[str] = set()
        """Of turns that are over: what Codex tells of them later is not shown any more."""
        self._parents: dict[str, str] = {}
        """Threads of agents that work for this one, and the call that began each."""
        self.changes = ""
        """What the calls of this turn have changed, as one diff."""
        self._changed = 0
        """How many calls of it have changed files."""
        self.model = ""

    # What asks

    def asking(self, item: str, tool: sc.ToolInfo, thread: str) -> str:
        """The name of the item whose call asks now."""
        found = self._open.get(item) or self._begin(item, "tool", thread, tool=tool)
        self._change(found, replace(tool, phase="asking"))
        return found.name

    def allowed(self, item: str) -> None:
        if (found := self._open.get(item)) and found.tool:
            self._change(found, replace(found.tool, phase="running"))

    def denied(self, item: str, reason: str) -> None:
        if (found := self._open.pop(item, None)) and found.tool:
            tool = replace(found.tool, phase="ended", error=reason)
            self._exchange.say(sc.ItemClose(found.name, "failed", tool=tool))

    # What Codex tells

    def started(self, item: Item, thread: str) -> None:
        if item.type in SILENT or item.is_told_otherwise:
            return
        if item.type in SPOKEN:
            return  # Opened by its first words: some never have any.
        found = self._open.get(item.id)
        if found is None:
            tool = replace(tool_of(item), phase="running")
            found = self._begin(item.id, "tool", thread, tool=tool)
        found.started = True

    def grew(self, delta: Delta, kind: str) -> None:
        found = self._open.get(delta.item_id) or self._begin(delta.item_id, kind, delta.thread_id)
        text = delta.delta
        if delta.summary_index > found.part:
            found.part, text = delta.summary_index, f"\n\n{text}"
        found.said += len(text)
        self._exchange.say(sc.ItemDelta(found.name, text))

    def completed(self, item: Item, thread: str) -> None:
        if item.type in SPOKEN:
            self._spoken(item, thread)
        elif item.id in self._left:
            self._left.remove(item.id)
        elif item.type not in SILENT and not item.is_told_otherwise:
            self._called(item, thread)

    def planned(self, plan: Plan, thread: str) -> None:
        """A plan is told whole each time."""
        entries = [
            plans.Entry(step.step, _STATUSES.get(step.status, step.status)) for step in plan.plan
        ]
        told = plans.told(entries, "writing", plan.explanation or "")
        self._show(told.tool, told.text, thread)

    def show_changes(self) -> None:
        """At the end of a turn: of one call they were shown."""
        diff, changed = self.changes, self._changed
        self.changes, self._changed = "", 0
        if diff and changed > 1:
            self._show(sc.ToolInfo("turn_diff", title="All changes of this turn", diff=diff))

    def _show(self, tool: sc.ToolInfo, text: str | None = None, thread: str = "") -> None:
        """What is no call: it is there at once."""
        opened = self._begin("", "tool", thread, tool=tool)
        self._open.pop("")
        ended = replace(tool, phase="ended")
        self._exchange.say(sc.ItemClose(opened.name, text=text, tool=ended))

    def withdraw_spoken(self) -> None:
        """An attempt failed: what it said is said again."""
        self._close_spoken("discarded")

    def interrupt_spoken(self) -> None:
        """Codex forgets what was being said when a message came in between."""
        self._close_spoken("stopped")

    def close_all(self, stopped: bool) -> None:
        """The turn is over. A command that goes on does so in the background."""
        for found in self._open.values():
            tool = found.tool
            if tool is None:
                self._exchange.say(sc.ItemClose(found.name, "stopped" if stopped else "done"))
                continue
            status = "stopped" if stopped or tool.phase == "asking" else "done"
            tool = replace(tool, phase="ended")
            self._exchange.say(sc.ItemClose(found.name, status, tool=tool))  # type: ignore[arg-type]
        self._left.update(item for item, found in self._open.items() if found.started)
        self._open.clear()

    def has(self, item: str) -> bool:
        return item in self._open

    @property
    def running(self) -> set[str]:
        """Calls of Codex's that were told to run."""
        return {item for item, found in self._open.items() if found.started}

    def _spoken(self, item: Item, thread: str) -> None:
        text = _text(item)
        if not text and item.id not in self._open:
            return
        found = self._open.pop(item.id, None) or self._begin(item.id, SPOKEN[item.type], thread)
        self._open.pop(item.id, None)
        whole = None if len(text) == found.said else text
        self._exchange.say(sc.ItemClose(found.name, text=whole))

    def _called(self, item: Item, thread: str) -> None:
        found = self._open.pop(item.id, None)
        if found is None:
            found = self._begin(item.id, "tool", thread, tool=tool_of(item))
            self._open.pop(item.id)
        if item.type == "fileChange" and item.status == "completed":
            self._changed += 1
        for thread_id in item.began:
            self._parents[thread_id] = found.name
        assert found.tool
        failed = item.status in ("failed", "declined") or bool(item.exit_code)
        error = item.error.message if item.error else _decline(item)
        diff = found.tool.diff or tool_of(item).diff
        tool = replace(found.tool, phase="ended", exit_code=item.exit_code, error=error, diff=diff)
        text = _output(item)
        status = "failed" if failed or error else "done"
        self._exchange.say(sc.ItemClose(found.name, status, text, tool))  # type: ignore[arg-type]

    def _begin(self, item: str, kind: str, thread: str, tool: sc.ToolInfo | None = None) -> Open:
        found = Open(f"i{next(self._numbers)}", tool)
        self._open[item] = found
        model = self.model if kind != "tool" else ""
        parent = self._parents.get(thread, "")
        line = sc.ItemOpen(found.name, kind, tool, model, parent)  # type: ignore[arg-type]
        self._exchange.say(line)
        return found

    def _change(self, found: Open, tool: sc.ToolInfo) -> None:
        found.tool = tool
        self._exchange.say(sc.ItemChange(found.name, tool))

    def _close_spoken(self, status: str) -> None:
        for item, found in list(self._open.items()):
            if found.tool is None:
                del self._open[item]
                self._exchange.say(sc.ItemClose(found.name, status))  # type: ignore[arg-type]


def tool_of(item: Item) -> sc.ToolInfo:
    """A call as Codex tells of it."""
    match item.type:
        case "commandExecution":
            given = msgspec.json.encode({"command": item.command})
            return sc.ToolInfo("bash", msgspec.Raw(given), title=item.command)
        case "fileChange":
            paths = [change.path for change in item.changes]
            given = msgspec.json.encode({"paths": paths})
            diff = "".join(f"{change.path}\n{change.diff}" for change in item.changes)
            return sc.ToolInfo("apply_patch", msgspec.Raw(given), ", ".join(paths), diff=diff)
        case "mcpToolCall":
            name = f"mcp__{item.server}__{item.tool}"
            return sc.ToolInfo(name, item.arguments, title=f"{item.server}: {item.tool}")
        case "webSearch":
            given = msgspec.json.encode({"query": item.query})
            return sc.ToolInfo(search.SHOWN, msgspec.Raw(given), title=item.query)
        case "collabAgentToolCall":
            given = msgspec.json.encode({"prompt": item.prompt or ""})
            return sc.ToolInfo(item.tool, msgspec.Raw(given), title=(item.prompt or "")[:200])
        case "subAgentActivity":
            return sc.ToolInfo("spawn_agent", title=item.agent_path)
        case other:
            return sc.ToolInfo(other)


def _text(item: Item) -> str:
    if item.type != "reasoning":
        return item.text
    if item.summary:
        return "\n\n".join(item.summary)
    return "".join(msgspec.json.decode(item.content, type=list[str]))


def _output(item: Item) -> str | None:
    if item.type == "commandExecution":
        return item.aggregated_output or ""
    if item.result:
        return "\n".join(part.text or f"[{part.type}]" for part in item.result.content)
    return None


def _decline(item: Item) -> str:
    return "The call was refused." if item.status == "declined" else ""
