"""Owns telling what was started before a moment from what was started after it.

The kernel says when a process began in ticks of a hundredth of a second, in which many begin. It
numbers them in their order, and says which number it gave last.
"""

import os
import sys
import time
from pathlib import Path

from claudetted.protocol.base import Data


class Moment(Data, frozen=True, order=True):
    """A tick since the machine booted, and the number that was given last by then. Nothing is
    before the first of all, which stands for every moment where there is no /proc."""

    tick: int = 0
    last_pid: int = 0

    def is_before(self, pid: int, start: int) -> bool:
        """Whether a process of that number and start was started after it. Numbers start again
        from the lowest when the highest was given, and not twice in a tick."""
        if start != self.tick:
            return start > self.tick
        highest = int(Path("/proc/sys/kernel/pid_max").read_bytes())
        return 0 < (pid - self.last_pid) % highest < highest // 2


def now() -> Moment:
    if sys.platform != "linux":
        return Moment()
    last_pid = int(Path("/proc/loadavg").read_bytes().split()[-1])
    ticks = time.clock_gettime_ns(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK") // 1_000_000_000
    return Moment(ticks, last_pid)
