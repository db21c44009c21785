"""The vendor's program of the second harness: the scripted sidecar, each line wrapped both ways."""

import json
import os
import sys
from typing import Any

_ROOT = os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
)
sys.path[:0] = [_ROOT, os.path.join(_ROOT, "clients", "cli")]

from tests.fakes.sidecar import life, outlet  # noqa: E402
from tests.fakes.sidecar.desk import Desk  # noqa: E402


def _wrapped(line: dict[str, Any]) -> bytes:
    text = json.dumps({"say": line}, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace") + b"\n"


def _take(desk: Desk, line: bytes) -> None:
    desk.take(json.loads(line)["say"])


outlet.encode = _wrapped
life._take = _take
life.live(os.environ)
