"""Owns making ids and timestamps: time-ordered, twelve lower-case base32 characters."""

import secrets
import time
from datetime import UTC, datetime

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_EPOCH_MS = 1_700_000_000_000
_RANDOM_BITS = 19
_last = 0


def new_id() -> str:
    """An id that sorts after every id made before it by this process."""
    global _last
    milliseconds = time.time_ns() // 1_000_000 - _EPOCH_MS
    candidate = (milliseconds << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    _last = max(candidate, _last + 1)
    return "".join(_ALPHABET[(_last >> shift) & 31] for shift in range(55, -1, -5))


def now() -> str:
    """RFC 3339 UTC with milliseconds."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A moment as `now` tells it, so that the two can be compared as text."""
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def milliseconds_between(start: str, end: str) -> int:
    """Between two timestamps made by `now`."""
    span = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return round(span.total_seconds() * 1000)
