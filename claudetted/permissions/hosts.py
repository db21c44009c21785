"""Owns the matching of hosts: which ones a call contacts, and what a pattern covers."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

import msgspec

from claudetted.protocol.permissions import Request

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'\"<>]*")


def host_covers(pattern: str, host: str) -> bool:
    """`example.org` covers that host alone, `*.example.org` every host below it."""
    return fnmatchcase(_plain(host), _plain(pattern))


def hosts_of(request: Request) -> list[str]:
    """What the harness declares, else every URL in the arguments."""
    if request.hosts or not request.input:
        return list(request.hosts)
    try:
        arguments = msgspec.json.decode(request.input)
    except msgspec.DecodeError:
        return []
    return [host for text in _texts(arguments) for host in hosts_in(text)]


def hosts_in(text: str) -> list[str]:
    """The hosts of the URLs in a text."""
    return [host for url in _URL.findall(text) if (host := host_of(url))]


def host_of(url: str) -> str:
    """The host of one URL; empty when it has none."""
    try:
        return _plain(urlsplit(url.replace("\\", "/")).hostname or "")
    except ValueError:
        return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts(member)


def _plain(host: str) -> str:
    return host.casefold().rstrip(".")
