"""Owns fitting an item into an event: what is too long is cut there and stored once, whole."""

import msgspec
from msgspec.structs import replace

from claudetted.chat.state.open_texts import cut, cut_lines
from claudetted.protocol.items import INLINE_BYTES, Item, ToolCall

Payload = tuple[str, bytes]
"""(field, data)"""


def fit(item: Item, text: bytes) -> tuple[Item, list[Payload]]:
    """The item with `text`, every field within 64 KiB, and the fields that were longer."""
    payloads: list[Payload] = []
    if len(text) > INLINE_BYTES:
        payloads.append(("text", text))
    tool = item.tool
    if tool is not None:
        tool, more = _fit_tool(tool)
        payloads.extend(more)
    return replace(item, text=cut(text), text_bytes=len(text), tool=tool), payloads


def _fit_tool(tool: ToolCall) -> tuple[ToolCall, list[Payload]]:
    payloads: list[Payload] = []
    arguments = bytes(tool.input)
    if len(arguments) > INLINE_BYTES:
        payloads.append(("input", arguments))
        tool = replace(tool, input=msgspec.Raw(b"{}"), input_bytes=len(arguments))
    diff = tool.diff.encode()
    if len(diff) > INLINE_BYTES:
        payloads.append(("diff", diff))
        tool = replace(tool, diff=cut_lines(diff), diff_bytes=len(diff))
    return tool, payloads
