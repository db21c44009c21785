"""Owns JSON for the scripted sidecar: what `json` does, without the regular expressions that are a
quarter of the start of a process which needs nothing else of them."""

from __future__ import annotations

import _json

# Without `typing`: see __main__.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class _Reading:
    strict = True
    object_hook = object_pairs_hook = array_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float


def _unknown(value: object) -> object:
    raise TypeError(f"{value!r} is no JSON.")


_read = _json.make_scanner(_Reading)  # type: ignore[arg-type]
_write = _json.make_encoder(
    None, _unknown, _json.encode_basestring, None, ":", ",", False, False, True
)
quoted = _json.encode_basestring


def loads(line: bytes) -> Any:
    """A line as the daemon writes it, without blanks around it."""
    return _read(line.decode(errors="surrogatepass"), 0)[0]


def dumps(value: Any) -> str:
    return "".join(_write(value, 0))
