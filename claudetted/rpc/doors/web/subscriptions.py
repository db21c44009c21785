"""Owns what a browser may give as the place to notify it at. Pure.

The daemon will send there, so it must not be led to anything of this machine or of its network.
Names are looked up, and looked at, when something is sent: see `providers/http.py`.
"""

from urllib.parse import urlsplit

from claudetted.protocol import errors
from claudetted.protocol.devices import SubscribeParams
from claudetted.providers import http
from claudetted.rpc.doors.web.push_keys import decoded

_MOST_ADDRESS = 2048
_POINT_BYTES = 65
_SECRET_BYTES = 16


def check(params: SubscribeParams) -> None:
    """Raises InvalidParams."""
    if len(params.endpoint) > _MOST_ADDRESS or not _is_outside(params.endpoint):
        raise errors.InvalidParams(
            "The endpoint must be an https address of a push service on the internet.",
            path="$.endpoint",
        )
    for name, length in (("p256dh", _POINT_BYTES), ("auth", _SECRET_BYTES)):
        if not _has_length(getattr(params, name), length):
            message = f"{name} must be {length} bytes in base64url."
            raise errors.InvalidParams(message, path=f"$.{name}")


def _is_outside(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or not host or parts.username is not None or parts.fragment:
        return False
    try:
        return http.is_public(host)
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))


def _has_length(text: str, length: int) -> bool:
    try:
        return len(decoded(text)) == length
    except ValueError:
        return False
