"""Owns small pictures of each type that can be sent, and PNGs of any size."""

import base64
import struct
import zlib
from typing import Any

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////"
    "////////////////////////////////////////2wBDAVVaWnhpeOuCguv/////////////////////"
    "////////////////////////////////////////////////////wAARCAAGAAgDASIAAhEBAxEB/8QA"
    "FQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAA"
    "AAAAAwT/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCQA1j/2Q=="
)
GIF = base64.b64decode("R0lGODdhCAAGAIEAAP8AAAAAAAAAAAAAACwAAAAACAAGAAAIDgABCBxIsKDBgwgTDgwIADs=")
WEBP = base64.b64decode(
    "UklGRjQAAABXRUJQVlA4ICgAAACQAQCdASoIAAYAB0CWJaACdLoAA5gA/uUK+Cepco/+N48CvJdjoAAA"
)
WEBP_LOSSLESS = base64.b64decode("UklGRiAAAABXRUJQVlA4TBQAAAAvB0ABAAcQ/Y/+BwCC8L9tIqL/IQ==")
WEBP_EXTENDED = base64.b64decode(
    "UklGRmYAAABXRUJQVlA4WAoAAAAQAAAABwAABQAAQUxQSA8AAAABB1DAiAgABOF/20RE/0MAVlA4IDAA"
    "AADQAQCdASoIAAYAAUAmJaACdLoB+AADsAD+8ut//NgVzXPv9//S4P0uD9Lg/9KQAAA="
)
"""All of 8 by 6 pixels, in red."""


def png(width: int = 8, height: int = 6, colour: bytes = b"\xff\0\0", padding: int = 0) -> bytes:
    """`padding` bytes of a text nobody reads make it longer."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + colour * width) * height
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows))]
    if padding:
        chunks.insert(1, (b"tEXt", b"Comment\0" + b"x" * padding))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in [*chunks, (b"IEND", b"")])


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = png()


def sent(data: bytes, mime_type: str = "image/png", name: str = "") -> dict[str, Any]:
    """As `turn/send` takes it."""
    image = {"data": base64.b64encode(data).decode(), "mimeType": mime_type}
    return {**image, "name": name} if name else image
