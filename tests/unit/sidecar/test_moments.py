"""Which of two processes is older is known, also within one tick of the kernel."""

import os
import subprocess
from pathlib import Path

import pytest

from claudetted.sidecar import moments
from claudetted.sidecar.keeper.processes import LINUX
from claudetted.sidecar.moments import Moment

pytestmark = pytest.mark.skipif(not LINUX, reason="there is no /proc")


def test_another_tick_decides() -> None:
    assert Moment(7, 100).is_before(99, 8)
    assert not Moment(7, 100).is_before(101, 6)


def test_within_a_tick_the_number_decides() -> None:
    assert Moment(7, 100).is_before(101, 7)
    assert not Moment(7, 100).is_before(100, 7)
    assert not Moment(7, 100).is_before(99, 7)


def test_the_lowest_number_comes_after_the_highest() -> None:
    highest = int(Path("/proc/sys/kernel/pid_max").read_text())
    assert Moment(7, highest - 2).is_before(301, 7)
    assert not Moment(7, 301).is_before(highest - 2, 7)


def test_what_the_kernel_starts_is_told_apart() -> None:
    moment = moments.now()
    with subprocess.Popen(["sleep", "7204"]) as later:
        start = int(Path(f"/proc/{later.pid}/stat").read_text().rpartition(") ")[2].split()[19])
        assert moment.is_before(later.pid, start)
        assert not moments.now().is_before(later.pid, start)
        later.kill()
    assert not moment.is_before(os.getpid(), moment.tick - 1)
