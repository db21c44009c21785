"""Owns the tool calls of an agent as items, each from its first word to its end."""

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from claudetted.harnesses import plans
from claudetted.harnesses.acp import requests
from claudetted.harnesses.acp.disk import Disk
from claudetted.harnesses.acp.messages import Produced, ToolCall
from claudetted.harnesses.acp.speech import Names, Status, pieces
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

INPUT_BYTES = 4 * 1024 * 1024
"""Longer arguments are not shown: the daemon takes no longer line."""
CHANGING = frozenset({"execute", "edit", "delete", "move", "fetch"})
"""Kinds of calls that nobody may run unasked below the level full."""

Phase = Literal["writing", "asking", "running", "ended"]
_NAMES = {"execute": "bash", "fetch": "fetch"}
_TODOS = "todowrite"
"""A tool that writes a plan whole: opencode tells its plan by no other way."""
_EXIT = re.compile(r"Exit code (\d+)")
_encode = msgspec.json.encode


class Call:
    """One call: its item, and all that the agent has said of it."""

    def __init__(self, item: str, call: ToolCall) -> None:
        self.item = item
        self.known = call
        self.first_title = call.title or ""
        self.phase: Phase = "writing"
        self.asked = False
        self.denied = ""
        """Why it did not run."""
        self.diff = ""
        self._said = ""
        self._shown: sc.ToolInfo | None = None

    @property
    def tool(self) -> str:
        return requests.tool_name(self.known, self.first_title)

    def merge(self, update: ToolCall) -> None:
        """What an update leaves out stays as it was."""
        for name in ("title", "name", "kind", "status", "content", "locations", "raw_output"):
            if (value := getattr(update, name)) is not None:
                setattr(self.known, name, value)
        if update.raw_input:
            self.known.raw_input = update.raw_input

    def changed(self, cwd: str, disk: Disk) -> Iterator[Line]:
        """What is new since the last time."""
        if not self.diff and self.known.content:
            self.diff = requests.difference(self.known, cwd, disk)
        info = self._info()
        if info != self._shown:
            self._shown = info
            yield sc.ItemChange(self.item, info)
        if self.phase == "running":
            yield from self.output()

    def opened(self) -> Line:
        self._shown = self._info()
        return sc.ItemOpen(self.item, "tool", self._shown)

    def closed(self, status: Status) -> Line:
        text = self.denied or _text(self.known.content, self.known.raw_output)
        self.phase = "ended"
        if status == "done" and (told := self._plan()):
            return sc.ItemClose(self.item, status, told.text, told.tool)
        error = self.denied or (text if status == "failed" and self.exit_code() is None else "")
        info = msgspec.structs.replace(self._info(), error=error[:4096])
        return sc.ItemClose(self.item, status, _limited(text) if text != self._said else None, info)

    def _plan(self) -> plans.Told | None:
        writes = self.tool.lower() == _TODOS
        entries = plans.of_todos(self.known.raw_input) if writes else None
        return None if entries is None else plans.told(entries, "ended")

    def output(self) -> Iterator[Line]:
        """Agents repeat all output with each piece of it."""
        text = _text(self.known.content, None)
        if text.startswith(self._said) and len(text) > len(self._said):
            for piece in pieces(text[len(self._said) :]):
                yield sc.ItemDelta(self.item, piece)
            self._said = text

    def _info(self) -> sc.ToolInfo:
        title = self.known.title or ""
        if self.tool.lower() == _TODOS and self.phase != "ended":
            return sc.ToolInfo(plans.NAME, title=title, phase=self.phase)
        named = requests.arguments(self.known).get("command")
        return sc.ToolInfo(
            _NAMES.get(self.known.kind or "", "") or self.tool or self.known.kind or "tool",
            _fitting(self.known.raw_input),
            named if isinstance(named, str) else title if title != self.tool else "",
            self.phase,
            self.exit_code(),
            self.diff,
        )

    def exit_code(self) -> int | None:
        output = self.known.raw_output
        if isinstance(output, str):
            found = _EXIT.match(output)
            return int(found.group(1)) if found else None
        if not isinstance(output, dict):
            return None
        places = [output, output.get("metadata")]
        for place in places:
            for key in ("exitCode", "exit_code", "exit"):
                if isinstance(place, dict) and isinstance(place.get(key), int):
                    return int(place[key])
        return None


class Calls:
    """Those of one session that are open, by the agent's own ids."""

    def __init__(self, names: Names, disk: Disk) -> None:
        self._names = names
        self._disk = disk
        self._open: dict[str, Call] = {}
        self.cwd = ""
        self.stopping = False
        """The turn is being stopped: what ends now was stopped, whatever the agent calls it."""

    def find(self, call_id: str) -> Call | None:
        return self._open.get(call_id)

    def heard(self, update: ToolCall, *, opens: bool) -> Iterator[Line]:
        """A call, or what is new about one. What is said of an ended call changes nothing."""
        call = self._open.get(update.tool_call_id)
        if call is None:
            if not opens:
                return
            call = self._open[update.tool_call_id] = Call(self._names.new("t"), update)
            yield call.opened()
        else:
            call.merge(update)
        if call.known.status in ("completed", "failed"):
            yield from self.end(update.tool_call_id)
        else:
            yield from self.show(call)

    def show(self, call: Call) -> Iterator[Line]:
        yield from call.changed(self.cwd, self._disk)

    def end(self, call_id: str) -> Iterator[Line]:
        call = self._open.pop(call_id)
        failed = call.denied or call.known.status == "failed" or call.exit_code() not in (None, 0)
        yield from call.output()
        yield call.closed("stopped" if self.stopping else "failed" if failed else "done")

    def end_all(self, status: Status) -> Iterator[Line]:
        """With the turn: no call is left open."""
        for call in self._open.values():
            yield call.closed(status)
        self._open.clear()


def _text(content: list[Produced] | None, raw_output: Any) -> str:
    """What a call has produced, as a person reads it."""
    texts = [one.content.shown for one in content or [] if one.content and one.type == "content"]
    said = "\n".join(_unfenced(text) for text in texts if text)
    return said or (raw_output if isinstance(raw_output, str) else "")


def _unfenced(text: str) -> str:
    """Some put output into a block of Markdown."""
    if text.startswith("```") and text.endswith("\n```") and "\n" in text[:-4]:
        return text[text.index("\n") + 1 : -4]
    return text


def _limited(text: str) -> str:
    return text if len(text) <= INPUT_BYTES else text[:INPUT_BYTES] + "\n[cut]"


def _fitting(value: Any) -> msgspec.Raw:
    encoded = _encode(value if isinstance(value, dict) else {})
    return msgspec.Raw(encoded if len(encoded) <= INPUT_BYTES else b"{}")
