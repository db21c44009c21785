"""The vendor's program of the second harness: the scripted sidecar, each line wrapped both ways."""

from __future__ import annotations

import gc
import os
import sys

gc.disable()
_ROOT = os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
)
sys.path[:0] = [_ROOT, os.path.join(_ROOT, "clients", "cli")]

from tests.fakes.sidecar import life, notation, outlet  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tests.fakes.sidecar.desk import Desk


def _wrapped(line: dict[str, Any]) -> bytes:
    text = notation.dumps({"say": line})
    return text.encode(errors="replace") + b"\n"


def _take(desk: Desk, line: bytes) -> None:
    desk.take(notation.loads(line)["say"])


outlet.encode = _wrapped
life._take = _take
life.live(os.environ)
