"""Owns the handler that reads items."""

from functools import partial

import msgspec
from msgspec.structs import replace

from claudetted.protocol import errors, items
from claudetted.rpc.caller import Caller
from claudetted.rpc.desk import Desk
from claudetted.store import transcripts

_decode_item = msgspec.json.Decoder(items.Item).decode


async def get(desk: Desk, caller: Caller, params: items.GetParams) -> items.GetResult:
    """Open items are read from memory, closed ones from disk; both in bytes."""
    _check(params)
    actor = await desk.manager.find(params.chat_id)
    opened = actor.state.open.get(params.item_id)
    if opened is not None and params.field == "text":
        text = actor.texts.get(params.item_id)
        item = replace(opened, text_bytes=text.length)
        return _result(item, text.whole(), params)
    query = partial(transcripts.item, chat_id=params.chat_id, item_id=params.item_id)
    body = await desk.database.read(query)
    if body is None:
        raise errors.ItemNotFound(f"The chat has no item {params.item_id}.", item_id=params.item_id)
    item = _decode_item(body)
    return await _stored(desk, item, params)


def _check(params: items.GetParams) -> None:
    if params.offset < 0:
        raise errors.InvalidParams("Offsets count from the beginning.", path="$.offset")
    if params.limit < 1:
        raise errors.InvalidParams("A piece has at least one byte.", path="$.limit")


async def _stored(desk: Desk, item: items.Item, params: items.GetParams) -> items.GetResult:
    long = await desk.database.read(
        partial(
            transcripts.payload,
            chat_id=params.chat_id,
            item_id=item.id,
            field=params.field,
            offset=params.offset,
            limit=params.limit,
        )
    )
    if long is None:
        return _result(item, _inline(item, params.field), params)
    piece, total = long
    return items.GetResult(item, _whole_characters(piece), params.offset, total)


def _inline(item: items.Item, field: items.ItemField) -> bytes:
    if field == "text":
        return item.text.encode()
    if item.tool is None:
        return b""
    return bytes(item.tool.input) if field == "input" else item.tool.diff.encode()


def _result(item: items.Item, whole: bytes, params: items.GetParams) -> items.GetResult:
    piece = whole[params.offset : params.offset + params.limit]
    return items.GetResult(item, _whole_characters(piece), params.offset, len(whole))


def _whole_characters(piece: bytes) -> str:
    """Without the half of a character that a cut may have left at the end."""
    return piece.decode(errors="ignore")
