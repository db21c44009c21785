"""Owns telling who bears the mark of an agent's process, as `marking` sets it.

What no process of an agent can be below is the limit of process 1.
"""

import functools
import os

from claudetted.sidecar.keeper.marking import LINUX

_UNLIMITED = 2**64 - 1


def is_marked(pid: int) -> bool:
    """Raises ProcessLookupError when there is no such process."""
    if not LINUX:
        return False
    if file_lock_limit(pid) < _highest_limit():
        return True
    return os.geteuid() == 0 and _filters(pid) > _own_filters()


def file_lock_limit(pid: int) -> int:
    """The hard limit. Raises ProcessLookupError."""
    value = _field(pid, "limits", b"Max file locks").split()[1:2]
    return int(value[0]) if value and value[0].isdigit() else _UNLIMITED


@functools.cache
def _highest_limit() -> int:
    """What a container may have set for all in it; where process 1 is hidden, no limit."""
    try:
        return file_lock_limit(1)
    except ProcessLookupError:
        return _UNLIMITED


@functools.cache
def _own_filters() -> int:
    """The daemon and its keeper have as many as the user's shell, which started them."""
    return _filters(os.getpid())


def _filters(pid: int) -> int:
    return int(_field(pid, "status", b"Seccomp_filters:") or 0)


def _field(pid: int, name: str, title: bytes) -> bytes:
    """What follows the title in a file of /proc; empty when this kernel does not tell."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        raise ProcessLookupError(pid) from None
    return next((line[len(title) :] for line in lines if line.startswith(title)), b"")
