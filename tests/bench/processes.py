"""Owns what a process costs: the processor's time, memory, and the wall's time."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SCHEDULED = 2
"""Linux's clock of the time that a process has run."""


def cpu(pid: int) -> float:
    """Seconds of processor time of all threads of a process so far, ended ones too."""
    return time.clock_gettime((~pid << 3) | _SCHEDULED)


def memory(pid: int) -> float:
    """Resident megabytes."""
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return resident * _PAGE / 1e6


def wall(argv: Sequence[str], env: Mapping[str, str] | None = None) -> float:
    """Seconds from the start of a program to its end."""
    began = time.perf_counter()
    subprocess.run(
        argv, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/"
    )
    return time.perf_counter() - began
