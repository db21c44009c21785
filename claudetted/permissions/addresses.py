"""Owns what a word of a command may name: an address, a place on another machine, files."""

import re
from collections.abc import Iterator

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_PLAIN_ADDRESS = re.compile(
    r"https?://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?(?:[/?#][^\[\]{}\\\s]*)?"
)
_REMOTE = re.compile(r"(?:ext|fd)::.*|[\w.-]+@[\w.-]+:.*|[\w-]+(\.[\w-]+)+:[^:]*/.*")


def is_url(text: str) -> bool:
    return _URL.match(text) is not None


def is_plain(url: str) -> bool:
    """Whether it is http or https and everybody reads the same host in it."""
    return _PLAIN_ADDRESS.fullmatch(url) is not None


def is_remote(text: str) -> bool:
    """Whether it may name something on another machine without being a URL."""
    return _REMOTE.fullmatch(text) is not None


def file_names(text: str) -> Iterator[str]:
    """What in a word may name a file: all of it, and paths in it."""
    yield text.removeprefix("file://")
    for piece in re.split(r"[=:,@\"']", text):
        if piece != text and (piece.startswith(("/", "~")) or ".." in piece):
            yield piece
