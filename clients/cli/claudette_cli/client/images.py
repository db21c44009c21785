"""Owns reading image files for a message: regular files alone, checked before they are sent."""

from __future__ import annotations

import os
import stat
from base64 import b64encode

from claudette_cli.client.names import IMAGE_BYTES, IMAGES_BYTES, MOST_IMAGES
from claudette_cli.exits import USAGE, Failure
from claudetted.wire import image_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]


def chosen(paths: list[str]) -> list[Json]:
    """The images in the files, as `turn/send` takes them. Raises Failure, naming the file."""
    if len(paths) > MOST_IMAGES:
        raise _unfit(f"These are {len(paths)} images, and a message holds at most {MOST_IMAGES}")
    found = []
    total = 0
    for path in paths:
        data = _read(path)
        total += len(data)
        if total > IMAGES_BYTES:
            raise _unfit(
                f"With {path} the images have more than {IMAGES_BYTES} bytes together: send it "
                "in another message"
            )
        found.append(_described(path, data))
    return found


def size_of(path: str) -> int | None:
    """How many bytes a regular file has; None for anything else."""
    try:
        about = os.lstat(path)
    except (OSError, ValueError):
        return None
    return about.st_size if stat.S_ISREG(about.st_mode) else None


def _read(path: str) -> bytes:
    try:
        # What is no regular file may have nothing to say for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        if os.path.islink(path):
            raise _unfit(f"{path} is a link: name the file that it leads to") from None
        raise _unfit(f"{path} cannot be read ({getattr(error, 'strerror', error)})") from None
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise _unfit(f"{path} is no regular file")
        if about.st_size > IMAGE_BYTES:
            raise _unfit(
                f"{path} has {about.st_size} bytes, and at most {IMAGE_BYTES} can be sent: make "
                "it smaller"
            )
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(IMAGE_BYTES)
    finally:
        os.close(descriptor)


def _described(path: str, data: bytes) -> Json:
    seen = image_bytes.look(data)
    if not data:
        raise _unfit(f"{path} is empty")
    if seen is None:
        raise _unfit(f"{path} is no PNG, JPEG, GIF or WebP")
    if not seen.whole:
        raise _unfit(f"{path} is cut off: its end is missing")
    name = os.path.basename(path)[:200]
    return {"data": b64encode(data).decode(), "mimeType": seen.mime_type, "name": name}


def _unfit(sentence: str) -> Failure:
    return Failure(f"{sentence}. Nothing was sent.", USAGE)
