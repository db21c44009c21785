"""Owns a seat's job as its shell knows it: what is started in it, and that all of it stops.

Python waits in the kernel, where nothing stops it, until a program it starts is running. A stop
that reached the program before that would hold both for ever, and the shell would never hear of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_starting = threading.Lock()


def start(
    words: Sequence[str],
    *,
    cwd: str | None = None,
    errors: int | None = None,
    session: bool = False,
) -> subprocess.Popen[bytes]:
    """A program that reads nothing and whose output is read; in a `session` of its own it is no
    part of the job. Raises OSError."""
    with _starting:
        return subprocess.Popen(
            words,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=session,
        )


def stop() -> None:
    """Returns when the shell goes on with it."""
    with _starting:
        requested = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        # The whole job, as the terminal itself does it.
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, requested)
