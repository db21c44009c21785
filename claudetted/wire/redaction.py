"""Owns taking secrets out of what is written down for people: the log and the trace. Pure."""

import re
from typing import Any

import msgspec

REDACTED = "[redacted]"
_SECRET = re.compile(
    r"(?i)\b(sk-[A-Za-z0-9_-]{8,}|gh[pousr]_[A-Za-z0-9]{8,}|AKIA[A-Z0-9]{8,}|xai-[A-Za-z0-9]{8,})"
    r"|(#pair=)[A-Za-z0-9_-]+"
    r"|((?:api[_-]?key|token|secret|password|authorization)[\"']?\s*[:=]\s*[\"']?)[^\s\"',}]+"
)
_NAMED = re.compile(
    r"(?i)^code$|(^|_)(key|token|secret|password|authorization)$|(key|token|secret)$"
)
_ANSWER = "value"
"""Of a request: it may be the key or the password that a question was for."""


def redact(text: str) -> str:
    """The text without keys and tokens."""
    return _SECRET.sub(lambda found: f"{found[2] or found[3] or ''}{REDACTED}", text)


def redact_line(line: bytes) -> Any:
    """A line of the protocol as JSON: without secrets, the values of environments, and answers.

    What is no JSON comes back as its redacted text.
    """
    try:
        decoded = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return redact(line.decode(errors="replace"))
    return _walked(decoded)


def _walked(value: Any, within: str = "") -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_walked(entry, within) for entry in value]
    if isinstance(value, dict):
        return {
            name: _member(name, entry, within == "env" or (within, name) == ("params", _ANSWER))
            for name, entry in value.items()
        }
    return value


def _member(name: str, value: Any, hides: bool) -> Any:
    if isinstance(value, str) and value and (hides or _NAMED.search(name)):
        return REDACTED
    return _walked(value, name)
