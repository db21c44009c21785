"""Owns which names a request may call us by, and which pages may speak to us. Pure.

A page elsewhere can make a browser connect to us, under its own origin; and a name of its own can
be made to lead to our address (DNS rebinding), so that its page looks like ours. So a request must
call us by the address that it arrived at, by `localhost` where that is one, or by a public origin
of the user's.
"""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

_PORTS = {"http": 80, "https": 443}

_Parts = tuple[str, str, int]
"""(scheme, host, port)"""


class Place(msgspec.Struct, frozen=True):
    """Where a connection arrived."""

    address: str
    port: int
    tls: bool = False

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.address)

    def origin(self) -> str:
        """The page's own."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        usual = self.port == _PORTS[self.scheme]
        return f"{self.scheme}://{host}" + ("" if usual else f":{self.port}")


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def knows_host(host: str, place: Place, public: Sequence[str]) -> bool:
    """Whether the value of a `Host` header means us."""
    called = _parts(f"{place.scheme}://{host}")
    if called is None:
        return False
    if _is_own(called, place):
        return True
    # A proxy takes TLS off: its scheme is not ours, and a port that it leaves out is its own.
    names = [_parts(origin) for origin in public]
    return any(name and _parts(f"{name[0]}://{host}") == name for name in names)


def knows_origin(origin: str, place: Place, public: Sequence[str]) -> bool:
    """Whether the value of an `Origin` header is that of our page."""
    called = _parts(origin)
    if called is None:
        return False
    return _is_own(called, place) or called in [_parts(known) for known in public]


def _is_own(called: _Parts, place: Place) -> bool:
    scheme, host, port = called
    if (scheme, port) != (place.scheme, place.port):
        return False
    return host == place.address or (host == "localhost" and place.is_loopback)


def _parts(origin: str) -> _Parts | None:
    """None for what is no origin, `null` among it."""
    try:
        split = urlsplit(origin)
        port = split.port
    except ValueError:
        return None
    rest = split.path or split.query or split.fragment or split.username
    if rest or split.scheme not in _PORTS or not split.hostname:
        return None
    return split.scheme, split.hostname, _PORTS[split.scheme] if port is None else port
