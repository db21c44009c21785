"""Owns the standard streams of our commands: closed ones, full ones, and those without UTF-8."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class CannotWrite(Exception):
    """Why the output did not arrive, such as a full disk."""


def prepare(errors: str = "backslashreplace") -> None:
    """Makes the three of them usable, whoever started us.

    A descriptor that is closed is opened on nothing: a file or socket of ours would get its
    number. `errors` is the handler of codecs that writes what an encoding has no character for.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if not is_utf8(stream.encoding):
            stream.reconfigure(errors=errors)  # type: ignore[union-attr]


def is_utf8(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "") == "utf8"


@contextmanager
def flushed() -> Iterator[None]:
    """What is printed inside has arrived at the end. Raises CannotWrite, also out of a print."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        # A write of more than the buffer holds has lost it: nothing is left that could fail.
        if fault.filename is not None or not (fault.errno in _FULL or _is_full()):
            raise
        raise CannotWrite(fault.strerror or str(fault)) from fault


def flush_errors() -> None:
    """What stderr does not take, because its disk is full or its reader is gone, is dropped: nobody
    can be told, and it does not decide the exit code."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def close_output() -> None:
    """Nothing more is written, also at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_full() -> bool:
    """Whether it is the output that takes nothing."""
    try:
        sys.stdout.flush()
    except OSError:
        return True
    return False
