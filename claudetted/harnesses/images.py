"""Owns images on their way through an adapter: those of messages, and what stands for a result."""

from binascii import b2a_base64
from collections.abc import Callable, Iterable, Iterator

from claudetted.protocol import sidecar as sc


class Unreadable(Exception):
    """The file of an image cannot be read; says which."""


def in_base64(
    files: Iterable[sc.ImageFile], read: Callable[[str], bytes]
) -> Iterator[tuple[str, str]]:
    """(type, data) of each. `read` raises OSError; this Unreadable."""
    for file in files:
        try:
            data = read(file.path)
        except OSError as fault:
            why = fault.strerror or fault
            raise Unreadable(f"The image {file.name or file.path} is not there: {why}.") from fault
        yield file.mime_type, b2a_base64(data, newline=False).decode()


def stand_in(data: str) -> str:
    """What is shown of an image that a tool has given, by its base64."""
    size = len(data.rstrip("=")) * 3 // 4
    if size < 1000:
        return f"[image, {size} bytes]"
    return f"[image, {size / 1000:.0f} kB]" if size < 1_000_000 else f"[image, {size / 1e6:.1f} MB]"
