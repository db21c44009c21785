"""Owns images: what a message holds beside its text, and how the bytes are read back."""

from typing import Annotated, Literal, NewType

import msgspec

from claudetted.protocol.base import ChatId, Data, Params

ImageId = NewType("ImageId", str)
"""SHA-256 of the bytes, in hexadecimal digits."""
MimeType = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]

MOST_IMAGES = 8
"""In one message."""
IMAGE_BYTES = 3_932_160
"""Of one image: 5 MiB in base64, which is what models take."""
IMAGES_BYTES = 8 * 1024 * 1024
"""Of all images of a message: 10.7 MiB in base64, well below the longest request line."""
PIECE_BYTES = 768 * 1024
"""What `item/image` reads without a limit: 1 MiB in base64."""


class NewImage(Params, frozen=True):
    """An image to be sent: a PNG, JPEG, GIF or WebP of at most 3,932,160 bytes.

    A message holds at most 8 of them, with 8 MiB in all.
    """

    data: str
    """The bytes in base64."""
    mime_type: str
    """`image/png`, `image/jpeg`, `image/gif` or `image/webp`; the bytes must be of this type."""
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """What it is called, such as the name of its file. Shown, and nothing more."""


class Image(Data, frozen=True):
    """An image of a message; `item/image` reads its bytes. Kept once in a chat."""

    id: ImageId
    mime_type: MimeType
    bytes: int
    width: int | None = None
    """In pixels; null when the file does not say it at its beginning."""
    height: int | None = None
    name: str = ""


class ItemImageParams(Params, frozen=True):
    """Reads an image in pieces. Offsets and limits are in bytes of the image."""

    chat_id: ChatId
    image_id: ImageId
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1)] = PIECE_BYTES


class ItemImageResult(Data, frozen=True):
    """A piece that starts at `offset`; `data` is in base64, `total` the bytes of the image."""

    mime_type: MimeType
    data: str
    offset: int
    total: int
