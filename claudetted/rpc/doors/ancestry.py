"""Owns telling whether a client was started by an agent: such a client may only watch.

Each of these signs is enough, of the process or of any of its ancestors, however many: the
keeper's mark (`sidecar/keeper/marking.py`), which no process sheds; the keeper itself, who adopts
whatever an agent's commands leave behind; a chat's mark in the environment. So is a PID namespace
other than ours. Outside the promise: a process that got the socket's descriptor from another.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from claudetted.sidecar.environment import CHAT_MARK
from claudetted.sidecar.keeper import marks


def started_by_agent(pid: int | None, keeper_pid: int | None) -> bool:
    """Whether the process descends from a sidecar. One that is gone already counts as such."""
    if pid is None:
        return False
    try:
        return _is_elsewhere(pid) or any(
            ancestor == keeper_pid or marks.is_marked(ancestor) or _bears_chat(ancestor)
            for ancestor in _lineage(pid)
        )
    except ProcessLookupError:
        return True


def _is_elsewhere(pid: int) -> bool:
    """Whether it is boxed. A process that we may not look at is not the user's ordinary one."""
    if sys.platform != "linux":
        return False
    try:
        theirs = os.stat(f"/proc/{pid}/ns/pid")
    except OSError:
        return True
    return not os.path.samestat(theirs, os.stat("/proc/self/ns/pid"))


def _lineage(pid: int) -> Iterator[int]:
    """The process and its ancestors, up to the first of all."""
    parent: Callable[[int], int] = _parent_in_proc if sys.platform == "linux" else _parent_by_ps
    seen: set[int] = set()  # numbers that are used again meanwhile could make a circle
    while pid > 1 and pid not in seen:
        yield pid
        seen.add(pid)
        pid = parent(pid)


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


def _bears_chat(pid: int) -> bool:
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
