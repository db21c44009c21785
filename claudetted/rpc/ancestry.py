"""Owns telling whether a client was started by an agent: such a client may only watch.

Three signs, each enough: the keeper is among its ancestors (it adopts whatever an agent's
commands leave behind), a chat's mark is in its environment, or in that of an ancestor. Outside
the promise: a process that got the socket's descriptor from somebody else.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from claudetted.sidecar.launch import CHAT_MARK

_MOST_ANCESTORS = 64


def started_by_agent(pid: int | None, keeper_pid: int | None) -> bool:
    """Whether the process descends from a sidecar. One that is gone already counts as such."""
    if pid is None:
        return False
    try:
        return any(ancestor == keeper_pid or _is_marked(ancestor) for ancestor in _lineage(pid))
    except ProcessLookupError:
        return True


def _lineage(pid: int) -> Iterator[int]:
    """The process and its ancestors, up to the first of all."""
    parent: Callable[[int], int] = _parent_in_proc if sys.platform == "linux" else _parent_by_ps
    for _ in range(_MOST_ANCESTORS):
        yield pid
        pid = parent(pid)
        if pid <= 1:
            return


def _parent_in_proc(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        raise ProcessLookupError(pid) from None
    return int(stat.rsplit(b")", 1)[1].split()[1])


def _parent_by_ps(pid: int) -> int:
    shown = subprocess.run(
        ["/bin/ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, check=False
    )
    if not shown.stdout.strip():
        raise ProcessLookupError(pid)
    return int(shown.stdout)


def _is_marked(pid: int) -> bool:
    """Whether a chat's mark is in its environment, as far as we may read that."""
    mark = f"{CHAT_MARK}=".encode()
    if sys.platform != "linux":
        shown = subprocess.run(
            ["/bin/ps", "-E", "-ww", "-o", "command=", "-p", str(pid)],
            capture_output=True,
            check=False,
        )
        return b" " + mark in shown.stdout
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False  # of another user: an ancestor above our session
    return any(entry.startswith(mark) for entry in environment.split(b"\0"))
