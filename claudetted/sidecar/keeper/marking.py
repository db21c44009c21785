"""Owns marking an agent's process: all it ever starts has the mark, and nothing it does sheds it.

Linux only. The sign is a lower hard limit on file locks (RLIMIT_LOCKS), which the kernel has not
looked at since 2.4.25, so nobody sets it. It passes through fork, exec, sessions, namespaces, an
emptied environment and set-user-id programs; only CAP_SYS_RESOURCE raises it again. Whoever has
that as root may also add a seccomp filter that permits everything: no filter is ever taken away.

As a program, `python -I -S marking.py PROGRAM ARGUMENT...` becomes the program, marked. It runs
before each program of the user's that the daemon asks, so it loads little beyond what Python has
loaded: half of its time was for modules that do the same with more convenience.
"""

# The C half of `signal`, without its enumerations; of which no types are known.
import _signal  # type: ignore[import-not-found]
import os
import resource
import sys

LINUX = sys.platform.startswith("linux")
FILE_LOCKS = 10
"""RLIMIT_LOCKS, on every architecture. Python gives it no name."""
_HIGHEST = 2**62
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_BPF_RET_K, _ALLOW = 0x06, 0x7FFF0000
"""The one instruction of the filter: to return SECCOMP_RET_ALLOW."""


def mark() -> None:
    """Marks this process for good. Where the kernel knows no such limit there is no mark."""
    if not LINUX:
        return
    _lower_limit()
    if os.geteuid() == 0:
        _add_filter()


def _lower_limit() -> None:
    _, hard = resource.getrlimit(FILE_LOCKS)
    lower = _HIGHEST if hard == resource.RLIM_INFINITY else max(hard - 1, 0)
    try:
        resource.setrlimit(FILE_LOCKS, (lower, lower))
    except (OSError, ValueError):
        return


def _add_filter() -> None:
    """Refused without CAP_SYS_ADMIN, for which the limit would have to be enough."""
    import ctypes
    import struct

    instruction = ctypes.create_string_buffer(struct.pack("=HBBI", _BPF_RET_K, 0, 0, _ALLOW))
    program = struct.pack("HP", 1, ctypes.addressof(instruction))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0)


def main(words: list[bytes]) -> None:
    """As if Python had never run: with the signals and the environment that we were given."""
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)
    with open("/proc/self/environ", "rb") as file:
        entries = file.read().split(b"\0")
    mark()
    os.execvpe(words[0], words, dict(entry.split(b"=", 1) for entry in entries if b"=" in entry))


if __name__ == "__main__":
    main([os.fsencode(word) for word in sys.argv[1:]])
