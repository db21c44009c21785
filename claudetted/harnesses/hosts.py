"""Owns which host an address leads to, without the weight of a parser of addresses."""

import re

_HOST = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]+)", re.IGNORECASE)


def host_of(url: str) -> str:
    """In lower case; empty for what is no address with a host."""
    found = _HOST.match(url)
    return found[1].strip("[]").lower() if found else ""
