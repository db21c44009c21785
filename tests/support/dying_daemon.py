"""Owns a daemon that dies by SIGKILL at one step between a request for permission and its result.

Run as `dying_daemon.py POINT ARMED ARGUMENTS...`: it dies the first time it comes to POINT while
the file ARMED exists.
"""

import inspect
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from claudetted.chat.actor import Actor
from claudetted.daemon import main
from claudetted.sidecar import link
from claudetted.sidecar.link import KeeperLink
from claudetted.store import journal

DECIDES = b'"type":"decide"'

Wanted = Callable[..., Any]
Point = tuple[Any, str, str, Wanted]
"""Whose function, its name, before or after it, and which of its calls."""


def _closes_tool(write: journal.Write) -> bool:
    return any(b'"exitCode"' in event.body for event in write.events if write.closed)


POINTS: dict[str, Point] = {
    "before the request is stored": (journal, "store", "before", lambda _, write: write.opened),
    "before the request is told": (
        Actor,
        "_publish",
        "before",
        lambda _, step: step.durable and step.write.opened,
    ),
    "after the request is told": (
        Actor,
        "_publish",
        "after",
        lambda _, step: step.durable and step.write.opened,
    ),
    "before the decision is stored": (journal, "store", "before", lambda _, write: write.resolved),
    "before the decision is told": (
        Actor,
        "_publish",
        "before",
        lambda _, step: step.durable and step.write.resolved,
    ),
    "before the decision is sent": (
        KeeperLink,
        "send",
        "before",
        lambda _self, _sidecar, _n, line: DECIDES in line,
    ),
    "after the decision is sent": (link, "_send", "after", lambda _, data: DECIDES in bytes(data)),
    "before the result is stored": (
        journal,
        "store",
        "before",
        lambda _, write: _closes_tool(write),
    ),
    "before the result is told": (
        Actor,
        "_publish",
        "before",
        lambda _, step: step.durable and _closes_tool(step.write),
    ),
}


def lay(point: str, armed: Path) -> None:
    """Puts the end in the daemon's way."""
    owner, name, when, wanted = POINTS[point]
    inner = getattr(owner, name)

    def check(at: str, *given: Any, **named: Any) -> None:
        if at == when and armed.exists() and wanted(*given, **named):
            os.kill(os.getpid(), signal.SIGKILL)

    async def slow(*given: Any, **named: Any) -> Any:
        check("before", *given, **named)
        result = await inner(*given, **named)
        check("after", *given, **named)
        return result

    def quick(*given: Any, **named: Any) -> Any:
        check("before", *given, **named)
        result = inner(*given, **named)
        check("after", *given, **named)
        return result

    setattr(owner, name, slow if inspect.iscoroutinefunction(inner) else quick)


if __name__ == "__main__":
    lay(sys.argv[1], Path(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    main.main()
