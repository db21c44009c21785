"""Owns knowing whether the processes of a command still live, without asking the kernel for pids.

A command that runs `exec 9> PATH` first holds the lifeline, and so does all it starts; the line
is cut when the last of them is gone.
"""

import os
import select
from pathlib import Path
from types import TracebackType
from typing import Self


class Lifeline:
    """A named pipe that commands hold open for writing. Use as a context."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.hold = f"exec 9> {path}; echo >&9"
        """What a command has to run first."""
        self._end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._end)

    def held(self) -> bool:
        """Whether anybody holds it now."""
        try:
            return os.read(self._end, 1) != b""
        except BlockingIOError:
            return True

    def wait_held(self) -> None:
        """Returns when somebody holds it."""
        select.select([self._end], [], [])

    def wait_cut(self) -> None:
        """Returns when nobody holds it any more. Only for a line that was held before."""
        os.set_blocking(self._end, True)
        while os.read(self._end, 4096):
            pass
