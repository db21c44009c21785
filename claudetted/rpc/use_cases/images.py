"""Owns taking in the images of a message: what is not one, or too large, is refused by name."""

import binascii
import hashlib
from collections.abc import Sequence
from typing import get_args

import msgspec
import trio

from claudetted.chat.step import Step
from claudetted.protocol.errors_images import ImageInvalid, ImageTooLarge, TooManyImages
from claudetted.protocol.images import (
    IMAGE_BYTES,
    IMAGES_BYTES,
    MOST_IMAGES,
    Image,
    ImageId,
    MimeType,
    NewImage,
)
from claudetted.rpc.services import Services
from claudetted.wire import image_bytes

TAKEN = get_args(MimeType)


class Taken(msgspec.Struct):
    """Images that may be sent, and their bytes by id."""

    images: list[Image] = msgspec.field(default_factory=list)
    data: dict[str, bytes] = msgspec.field(default_factory=dict)

    def keep(self, step: Step) -> list[Image]:
        """They are on disk before the step is; none of them when it is refused."""
        step.effects.images |= self.data
        return self.images


async def take(services: Services, given: Sequence[NewImage]) -> Taken:
    """Raises ImageInvalid, ImageTooLarge and TooManyImages."""
    if not given:
        return Taken()
    await services.models.recall()
    return await trio.to_thread.run_sync(_take, given)


def _take(given: Sequence[NewImage]) -> Taken:
    if len(given) > MOST_IMAGES:
        message = f"A message holds at most {MOST_IMAGES} images, and these are {len(given)}."
        raise TooManyImages(message, count=len(given), limit=MOST_IMAGES)
    taken = Taken()
    total = 0
    for index, new in enumerate(given):
        data = _decoded(index, new)
        total += len(data)
        if total > IMAGES_BYTES:
            message = (
                f"The images of a message have at most {IMAGES_BYTES} bytes together: "
                f"{_named(index, new)} is too much. Send it in another message."
            )
            raise ImageTooLarge(message, index=index, bytes=total, limit=IMAGES_BYTES)
        image = _described(index, new, data)
        taken.images.append(image)
        taken.data[image.id] = data
    return taken


def _decoded(index: int, new: NewImage) -> bytes:
    size = len(new.data) // 4 * 3
    if size > IMAGE_BYTES + 2:
        raise _too_large(index, new, size)
    try:
        data = binascii.a2b_base64(new.data, strict_mode=True)
    except ValueError:
        raise ImageInvalid(f"{_named(index, new)} is not base64.", index=index) from None
    if len(data) > IMAGE_BYTES:
        raise _too_large(index, new, len(data))
    return data


def _described(index: int, new: NewImage, data: bytes) -> Image:
    seen = _looked_at(index, new, data)
    image_id = ImageId(hashlib.sha256(data).hexdigest())
    return Image(image_id, seen.mime_type, len(data), seen.width, seen.height, new.name)


def _looked_at(index: int, new: NewImage, data: bytes) -> image_bytes.Seen:
    """Raises ImageInvalid."""
    seen = image_bytes.look(data)
    if new.mime_type not in TAKEN:
        why = f"is of the type {new.mime_type}; PNG, JPEG, GIF and WebP can be sent."
    elif not data:
        why = "is empty."
    elif seen is None:
        why = "is no PNG, JPEG, GIF or WebP."
    elif seen.mime_type != new.mime_type:
        why = f"is of the type {seen.mime_type}, and was sent as {new.mime_type}."
    elif not seen.whole:
        why = "is cut off: its end is missing."
    else:
        return seen
    raise ImageInvalid(f"{_named(index, new)} {why}", index=index)


def _too_large(index: int, new: NewImage, size: int) -> ImageTooLarge:
    message = (
        f"{_named(index, new)} has {size} bytes, and at most {IMAGE_BYTES} can be sent: make it "
        "smaller."
    )
    return ImageTooLarge(message, index=index, bytes=size, limit=IMAGE_BYTES)


def _named(index: int, new: NewImage) -> str:
    return f"Image {index + 1} ({new.name})" if new.name else f"Image {index + 1}"
