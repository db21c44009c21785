"""Owns the items of the transcript: from the model's stream, from whole messages, from results."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from claudetted.harnesses import images, plans
from claudetted.harnesses.claude import tools
from claudetted.harnesses.claude.frames import Block, Event, Frame, Message
from claudetted.harnesses.claude.tasks import CHANGING, Tasks
from claudetted.protocol import sidecar as sc
from claudetted.protocol.base import Line

_EXIT = re.compile(r"Exit code (\d+)(?:\n|$)")
NOTHING = msgspec.Raw(b"{}")
_TEXTS = {"text": "message", "thinking": "reasoning"}


class Tool(msgspec.Struct):
    """A call whose item is open."""

    item: str
    name: str
    input: msgspec.Raw = msgspec.field(default_factory=lambda: NOTHING)
    phase: str = "writing"
    diff: str = ""
    denied: str = ""

    def info(self, phase: Any, **more: Any) -> sc.ToolInfo:
        title = tools.title_of(self.name, self.input)
        if self.name in CHANGING and phase != "ended":
            return sc.ToolInfo(plans.NAME, NOTHING, title, phase)
        return sc.ToolInfo(self.name, self.input, title, phase, diff=self.diff, **more)


class Items(msgspec.Struct):
    """Names are counted, and so are never used twice in the life of the process."""

    model: str = ""
    """As the chat names it."""
    tools: dict[str, Tool] = {}
    """Open calls, by the vendor's id."""
    agents: dict[str, str] = {}
    """Agent below the main conversation -> the call that it is for."""
    stopping: bool = False
    """A stop was asked for: what ends from now on was cut off."""
    used: int = 0
    """What of the context the last answer of the main conversation filled."""
    _streamed: str = ""
    """The message that the stream is at."""
    _open: dict[int, str] = {}
    """Index in the message -> item, of texts."""
    _ended: list[str] = []
    """Texts that are whole, if the message goes on."""
    _count: int = 0
    _tasks: Tasks = msgspec.field(default_factory=Tasks)
    _parents: dict[str, str] = {}
    """Call that has an agent of its own -> its item."""

    def streamed(self, event: Event) -> Iterator[Line]:
        if event.type == "content_block_delta":
            item, delta = self._open.get(event.index), event.delta
            if item and delta and (text := delta.text or delta.thinking):
                yield sc.ItemDelta(item, text)
        elif event.type == "content_block_start" and event.content_block:
            yield from self._begin(event.index, event.content_block)
        elif event.type == "content_block_stop":
            if item := self._open.pop(event.index, None):
                self._ended.append(item)
        elif event.type == "message_start" and event.message:
            yield from self.discard()
            self._streamed = event.message.id
        elif event.type == "message_delta":
            yield from self._settle()
            self.used = event.usage.occupied if event.usage else self.used

    def _settle(self) -> Iterator[Line]:
        """What has ended stays: the answer went on after it. A stream that breaks ends its last
        piece as well."""
        if self.stopping:
            return
        ended, self._ended = self._ended, []
        yield from (sc.ItemClose(item) for item in ended)

    def _begin(self, index: int, block: Block) -> Iterator[Line]:
        yield from self._settle()
        if kind := _TEXTS.get(block.type):
            self._open[index] = item = self._name()
            yield sc.ItemOpen(item, kind, model=self.model)  # type: ignore[arg-type]
        elif block.type == "tool_use":
            yield from self.call(block.id, block.name, "")

    def whole(self, frame: Frame, message: Message) -> Iterator[Line]:
        """A message, or a piece of one: its texts where they were not streamed, and its calls."""
        parent = frame.parent_tool_use_id or ""
        blocks = message.content if isinstance(message.content, list) else []
        for block in blocks:
            if block.type == "tool_use":
                yield from self.call(block.id, block.name, parent)
                self.tools[block.id].input = block.input
            elif (kind := _TEXTS.get(block.type)) and (parent or message.id != self._streamed):
                item, above = self._name(), self._parents.get(parent, "")
                text = block.text or block.thinking
                yield sc.ItemOpen(item, kind, model=self.model, parent=above)  # type: ignore[arg-type]
                yield sc.ItemClose(item, text=text)

    def call(self, call: str, name: str, parent: str) -> Iterator[Line]:
        """Opens the item of a call, once."""
        if call in self.tools:
            return
        tool = self.tools[call] = Tool(self._name(), name)
        self._parents[call] = tool.item
        above = self._parents.get(parent, "")
        yield sc.ItemOpen(tool.item, "tool", tool.info("writing"), parent=above)

    def results(self, message: Message, fields: msgspec.Raw) -> Iterator[Line]:
        """`fields` are those of the result of a message with one."""
        blocks = message.content if isinstance(message.content, list) else []
        fields = fields if len(blocks) == 1 else NOTHING
        for block in blocks:
            tool = self.tools.pop(block.tool_use_id, None)
            if block.type == "tool_result" and tool:
                closed = self._plan(tool, block, fields) or _closed(tool, block)
                cut = self.stopping and closed.status == "failed"
                yield msgspec.structs.replace(closed, status="stopped") if cut else closed

    def _plan(self, tool: Tool, block: Block, fields: msgspec.Raw) -> sc.ItemClose | None:
        if block.is_error:
            return None
        entries = self._tasks.after(tool.name, tool.input, fields)
        if entries is None:
            return None
        told = plans.told(entries, "ended")
        return sc.ItemClose(tool.item, text=told.text, tool=told.tool)

    def discard(self) -> Iterator[Line]:
        """What an attempt said that has failed; calls that it had begun to write never were."""
        yield from (sc.ItemClose(item, "discarded") for item in self._unsettled())
        for call, tool in list(self.tools.items()):
            if tool.phase == "writing" and tool.input == NOTHING:
                del self.tools[call]
                yield sc.ItemClose(tool.item, "discarded")

    def close(self, status: Any) -> Iterator[Line]:
        """Whatever is open at the end of a turn."""
        yield from (sc.ItemClose(item, status) for item in self._unsettled())
        for tool in self.tools.values():
            yield sc.ItemClose(tool.item, status, tool=tool.info("ended"))
        self.tools.clear()
        self.stopping = False
        self._parents.clear()
        self.agents.clear()

    def _unsettled(self) -> list[str]:
        """Texts of the message that is streamed, which are given up."""
        given_up = [*self._ended, *self._open.values()]
        self._ended = []
        self._open.clear()
        return given_up

    def _name(self) -> str:
        self._count += 1
        return f"i{self._count}"


def _closed(tool: Tool, block: Block) -> sc.ItemClose:
    text = _text(block.content)
    code: int | None = None
    if tools.access_of(tool.name) == "run" and not tool.denied:
        found = _EXIT.match(text) if block.is_error else None
        code = int(found[1]) if found else (None if block.is_error else 0)
        text = text[found.end() :] if found else text
    error = ""
    if block.is_error and code is None:
        error = tool.denied or text.replace("<tool_use_error>", "").replace("</tool_use_error>", "")
    info = tool.info("ended", exit_code=code, error=error)
    return sc.ItemClose(tool.item, "failed" if block.is_error else "done", text, info)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    pieces = content if isinstance(content, list) else []
    told = []
    for piece in pieces:
        if isinstance(piece, dict):
            kind = piece.get("type", "")
            if kind == "image" and isinstance(source := piece.get("source"), dict):
                told.append(images.stand_in(str(source.get("data", ""))))
                continue
            told.append(str(piece.get("text") or piece.get("tool_name") or f"[{kind}]"))
    return "\n".join(told)
