"""Owns the handlers that read items and the images in them."""

import re
from base64 import b64encode
from functools import partial

import msgspec
import trio
from msgspec.structs import replace

from claudetted.protocol import errors, images, items
from claudetted.protocol.errors_images import ImageNotFound
from claudetted.rpc.caller import Caller
from claudetted.rpc.services import Services
from claudetted.store import images as files, transcripts
from claudetted.wire import image_bytes

_IMAGE_ID = re.compile(r"[0-9a-f]{64}")
_HEAD_BYTES = 64
"""They tell the type."""
_decode_item = msgspec.json.Decoder(items.Item).decode


async def get(services: Services, caller: Caller, params: items.GetParams) -> items.GetResult:
    """Open items are read from memory, closed ones from disk; both in bytes."""
    _check(params)
    actor = await services.manager.find(params.chat_id)
    opened = actor.state.open.get(params.item_id)
    if opened is not None and params.field == "text":
        text = actor.texts.get(params.item_id)
        item = replace(opened, text_bytes=text.length)
        return _result(item, text.whole(), params)
    query = partial(transcripts.item, chat_id=params.chat_id, item_id=params.item_id)
    body = await services.database.read(query)
    if body is None:
        await actor.settled()
        raise errors.ItemNotFound(f"The chat has no item {params.item_id}.", item_id=params.item_id)
    item = _decode_item(body)
    return await _stored(services, item, params)


async def image(
    services: Services, caller: Caller, params: images.ItemImageParams
) -> images.ItemImageResult:
    """From the chat's directory: an id that is no name of a file of images is nobody's."""
    await services.manager.find(params.chat_id)
    if not _IMAGE_ID.fullmatch(params.image_id):
        raise _no_image(params.image_id)
    read = partial(files.piece, params.chat_id, params.image_id)
    try:
        head, _ = await trio.to_thread.run_sync(read, 0, _HEAD_BYTES)
        data, total = await trio.to_thread.run_sync(read, params.offset, params.limit)
    except FileNotFoundError:
        raise _no_image(params.image_id) from None
    seen = image_bytes.look(head)
    if seen is None:
        raise _no_image(params.image_id)
    return images.ItemImageResult(seen.mime_type, b64encode(data).decode(), params.offset, total)


def _no_image(image_id: str) -> ImageNotFound:
    return ImageNotFound(f"The chat has no image {image_id}.", image_id=image_id)


def _check(params: items.GetParams) -> None:
    if params.offset < 0:
        raise errors.InvalidParams("The offset must not be negative.", path="$.offset")
    if params.limit < 1:
        raise errors.InvalidParams("The limit must be at least 1.", path="$.limit")


async def _stored(services: Services, item: items.Item, params: items.GetParams) -> items.GetResult:
    long = await services.database.read(
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
