"""Owns ending what a dead sidecar's commands left in the process groups it had reported.

The keeper ends what it can tell by kinship or by mark. A process that lost both, with its parent
and its environment, is still in the group of its command. Linux alone: elsewhere nothing tells
whether a number still means the same group.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path


def end_left(groups: Collection[int], keeper_pid: int | None) -> None:
    """Kills those of the groups that descend from the keeper, so that nobody else's group that
    has got the number meanwhile is meant."""
    if not groups or keeper_pid is None or sys.platform != "linux":
        return
    table = _table()
    for pid, (_, group) in table.items():
        if group in groups and _descends(table, pid, keeper_pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _table() -> dict[int, tuple[int, int]]:
    """Every process: its parent and its group."""
    table: dict[int, tuple[int, int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{name}/stat").read_bytes().rpartition(b") ")[2].split()
                table[int(name)] = (int(stat[1]), int(stat[2]))
    return table


def _descends(table: dict[int, tuple[int, int]], pid: int, ancestor: int) -> bool:
    while pid in table:
        pid = table[pid][0]
        if pid == ancestor:
            return True
    return False
