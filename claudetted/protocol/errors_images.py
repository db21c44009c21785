"""Owns the faults that concern the images of a message."""

from claudetted.protocol.base import Data
from claudetted.protocol.errors import Fault


class ImageInvalid(Fault):
    code = -32045
    summary = (
        "One of the images is empty, cut off, of another type than `mimeType` says, or no image "
        "at all; `index` counts from 0."
    )

    class Details(Data, frozen=True):
        index: int


class ImageTooLarge(Fault):
    code = -32046
    summary = (
        "An image has more bytes than the limit, or all together have; `index` counts from 0 and "
        "names the one that is too large, or the first that is too much."
    )

    class Details(Data, frozen=True):
        index: int
        bytes: int
        limit: int


class TooManyImages(Fault):
    code = -32047
    summary = "A message holds at most `limit` images."

    class Details(Data, frozen=True):
        count: int
        limit: int


class ImageNotFound(Fault):
    code = -32048
    summary = "The chat has no image with this id."

    class Details(Data, frozen=True):
        image_id: str
