"""Owns what the bytes of an image say of it: its type, its size in pixels, whether all is there.

Pure; nothing is decoded. For PNG, JPEG, GIF and WebP, which are what models take.
"""

import struct
from typing import Literal, NamedTuple

Type = Literal["image/png", "image/jpeg", "image/gif", "image/webp"]


class Seen(NamedTuple):
    """`width` and `height` are None when the beginning does not say them."""

    mime_type: Type
    width: int | None
    height: int | None
    whole: bool


_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNK = struct.Struct(">I4s")
_CHUNK_BYTES = 12
"""Of a chunk of a PNG beside its data: length, name and checksum."""
_SEGMENT = struct.Struct(">BBH")
_START_OF_SCAN = 0xDA
_NO_FRAME = {0xC4, 0xC8, 0xCC}
"""Markers among those of frames that begin something else."""
_14_BITS = 0x3FFF


def look(data: bytes) -> Seen | None:
    """None for what is none of the four."""
    if data.startswith(_PNG):
        return Seen("image/png", *_sized(data, ">II", 16), _png_ends(data))
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Seen("image/gif", *_sized(data, "<HH", 6), data.rstrip(b"\0").endswith(b";"))
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Seen("image/webp", *_webp_size(data), _webp_ends(data))
    return None


def _sized(data: bytes, layout: str, at: int) -> tuple[int | None, int | None]:
    if len(data) < at + struct.calcsize(layout):
        return None, None
    width, height = struct.unpack_from(layout, data, at)
    return width or None, height or None


def _png_ends(data: bytes) -> bool:
    at = len(_PNG)
    while at + _CHUNK_BYTES <= len(data):
        length, name = _CHUNK.unpack_from(data, at)
        at += _CHUNK_BYTES + length
        if name == b"IEND":
            return bool(at <= len(data))
    return False


def _jpeg(data: bytes) -> Seen:
    """Goes through the segments before the picture; that ends with a marker of its own."""
    width = height = None
    at = 2
    while at + _SEGMENT.size <= len(data):
        prefix, marker, length = _SEGMENT.unpack_from(data, at)
        if prefix != 0xFF:
            break
        if marker == 0xFF:  # Padding.
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = _sized(data, ">HH", at + 5)
        if marker == _START_OF_SCAN:
            return Seen("image/jpeg", width, height, data.rfind(b"\xff\xd9") > at)
        at += 2 + length
    return Seen("image/jpeg", width, height, whole=False)


def _webp_size(data: bytes) -> tuple[int | None, int | None]:
    if len(data) < 30:
        return None, None
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & _14_BITS) + 1, (bits >> 14 & _14_BITS) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return (width & _14_BITS) or None, (height & _14_BITS) or None


def _webp_ends(data: bytes) -> bool:
    return len(data) >= 20 and int.from_bytes(data[4:8], "little") + 8 <= len(data)
