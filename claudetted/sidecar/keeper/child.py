"""Owns what the keeper holds of one sidecar: its pipes, the window of its output, its way out."""

import contextlib
import os

from claudetted.sidecar.keeper.processes import Tree

WINDOW = 8 * 1024 * 1024
"""Unacknowledged output that is kept. When it is full the sidecar waits in its write."""
INPUT_LIMIT = 64 * 1024 * 1024
"""A sidecar that leaves more than this unread has stopped reading."""
STDERR_TAIL = 64 * 1024
READ = 64 * 1024
PIPE_MOST = 1024 * 1024
"""A pipe holds no more, so whoever still writes after the sidecar's end is somebody else."""


class Child:
    def __init__(
        self, name: bytes, marks: list[bytes], pid: int, pipes: tuple[int, int, int, int]
    ) -> None:
        self.name = name
        self.marks = marks
        """By which its descendants are known, of all sidecars of all keepers."""
        self.pid = pid
        self.stdin, self.stdout, self.stderr, self.launch = pipes
        """Our ends; -1 once closed. `launch` tells whether the program runs at all."""
        self.base = 0
        self.window = bytearray()
        self.sent: int | None = None
        """How far the connected daemon has the output; None before its ATTACH."""
        self.tail = bytearray()
        self.input = bytearray()
        self.input_n = 0
        self.heard = 0.0
        self.status: int | None = None
        self.ending = False
        self.forgotten = False
        self.final = False
        """Nothing more will come, and what was to end has ended."""
        self.exit_told = False
        self.sweeps_left: int | None = None
        """None before its descendants are ended, 0 afterwards."""
        self.tree: Tree = set()
        """Descendants seen while it lived."""

    @property
    def end(self) -> int:
        return self.base + len(self.window)

    @property
    def full(self) -> bool:
        return len(self.window) >= WINDOW

    def read_output(self) -> int:
        """How many bytes came; -1 when no more will. Not to be called when the window is full."""
        try:
            data = os.read(self.stdout, min(READ, WINDOW - len(self.window)))
        except BlockingIOError:
            return 0
        self.window += data
        return len(data) or -1

    def read_stderr(self) -> int:
        try:
            data = os.read(self.stderr, READ)
        except BlockingIOError:
            return 0
        self.tail += data
        del self.tail[:-STDERR_TAIL]
        return len(data) or -1

    def drain(self) -> None:
        """Reads what the ended process left in its pipes, past the window's limit if need be.

        Not until end of file: a descendant may hold the other end for as long as it likes.
        """
        with contextlib.suppress(BlockingIOError):
            stop = len(self.window) + PIPE_MOST
            while self.stdout >= 0 and len(self.window) < stop:
                data = os.read(self.stdout, READ)
                if not data:
                    break
                self.window += data
        for _ in range(PIPE_MOST // READ):
            if self.stderr < 0 or self.read_stderr() <= 0:
                break

    def write_input(self) -> None:
        """Writes what the pipe takes. A sidecar that closed its stdin gets nothing more."""
        try:
            while self.input:
                del self.input[: os.write(self.stdin, self.input)]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.input.clear()

    def acknowledge(self, offset: int) -> None:
        if offset > self.end:
            raise ValueError("Nobody can have stored what was never written.")
        if offset > self.base:
            del self.window[: offset - self.base]
            self.base = offset
        if self.sent is not None:
            self.sent = max(self.sent, offset)

    def piece(self, size: int) -> bytes:
        """The next undelivered bytes."""
        at = (self.sent or 0) - self.base
        with memoryview(self.window) as view:
            return bytes(view[at : at + size])
