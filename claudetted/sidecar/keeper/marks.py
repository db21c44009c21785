"""Owns the mark of an agent's process: all it ever starts has it, and nothing it does sheds it.

Linux only. The sign is a lower hard limit on file locks (RLIMIT_LOCKS), which the kernel has not
looked at since 2.4.25, so nobody sets it. It passes through fork, exec, sessions, namespaces, an
emptied environment and set-user-id programs; only CAP_SYS_RESOURCE raises it again. Whoever has
that as root may also add a seccomp filter that permits everything: no filter is ever taken away.
What no process of an agent can be below is the limit of process 1.

As a program, `python -I -S marks.py PROGRAM ARGUMENT...` becomes the program, marked.
"""

import contextlib
import ctypes
import functools
import os
import resource
import signal
import struct
import sys

LINUX = sys.platform.startswith("linux")
FILE_LOCKS = 10
"""RLIMIT_LOCKS, on every architecture. Python gives it no name."""
_HIGHEST = 2**62
_UNLIMITED = 2**64 - 1

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_RETURN_ALLOW = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
"""One instruction: BPF_RET | BPF_K, SECCOMP_RET_ALLOW."""


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def mark() -> None:
    """Marks this process for good. Where the kernel knows no such limit there is no mark."""
    if not LINUX:
        return
    _, hard = resource.getrlimit(FILE_LOCKS)
    lower = _HIGHEST if hard == resource.RLIM_INFINITY else max(hard - 1, 0)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(FILE_LOCKS, (lower, lower))
    if os.geteuid() == 0:
        _add_filter()


def _add_filter() -> None:
    """Refused without CAP_SYS_ADMIN, for which the limit would have to be enough."""
    program = _Filter(1, _RETURN_ALLOW)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


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


def main(words: list[bytes]) -> None:
    """As if Python had never run: with the signals and the environment that we were given."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    with open("/proc/self/environ", "rb") as file:
        entries = file.read().split(b"\0")
    mark()
    os.execvpe(words[0], words, dict(entry.split(b"=", 1) for entry in entries if b"=" in entry))


if __name__ == "__main__":
    main([os.fsencode(word) for word in sys.argv[1:]])
