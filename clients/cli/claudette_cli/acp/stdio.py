"""Owns the loop of the bridge: the editor on standard streams, the daemon on its socket.

Nothing is read from the daemon while the editor leaves too much unread; the daemon then lets the
connection go, and what was missed is read with a new one.
"""

from __future__ import annotations

import os
import select
import time
from collections import deque

from claudette_cli.acp.messages import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from claudette_cli.acp.bridge import Bridge

_PIECE = 1 << 18
_MOST_UNREAD = 4 << 20
_PARENT_SECONDS = 30.0
"""How often it is looked whether whoever started us is still there."""
_LAST_SECONDS = 5.0
"""For which answers are waited for after the editor has closed its end."""


class Output:
    """Messages for the editor, in order. Writes only what does not block."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._pieces: deque[bytes] = deque()
        self._size = 0

    @property
    def waits(self) -> bool:
        return bool(self._pieces)

    @property
    def full(self) -> bool:
        return self._size > _MOST_UNREAD

    def write(self, message: bytes) -> None:
        self._pieces.append(message)
        self._size += len(message)

    def flush(self) -> None:
        """When it can be written: as much as is written without waiting. Raises OSError."""
        piece = self._pieces.popleft()
        # A pipe that can be written to takes this much whole.
        written = os.write(self.descriptor, piece[: select.PIPE_BUF])
        self._size -= written
        if written < len(piece):
            self._pieces.appendleft(piece[written:])


class Loop:
    """Runs until the editor closes its end, or is gone."""

    def __init__(self, bridge: Bridge, source: int, output: Output) -> None:
        self._bridge = bridge
        self._source = source
        self._output = output
        self._lines = Lines()
        self._parent = os.getppid()
        self._closed_at: float | None = None

    def run(self) -> None:
        try:
            while not self._over():
                self._turn()
        except BrokenPipeError:
            return  # the editor is gone; the chats go on
        finally:
            self._bridge.link.close()

    def _over(self) -> bool:
        if os.getppid() != self._parent:
            return True
        if self._closed_at is None:
            return False
        waits = self._output.waits or self._bridge.link.busy
        return not waits or time.monotonic() - self._closed_at > _LAST_SECONDS

    def _turn(self) -> None:
        ready = self._wait()
        if self._output.descriptor in ready:
            self._output.flush()
        if self._source in ready:
            self._read()
        connection = self._bridge.link.connection
        if connection is not None and connection.fileno() in ready:
            self._bridge.link.read()
        if not ready:
            self._bridge.link.look_again()

    def _wait(self) -> set[int]:
        poll = select.poll()
        if self._closed_at is None:
            poll.register(self._source, select.POLLIN)
        if self._output.waits:
            poll.register(self._output.descriptor, select.POLLOUT)
        connection = self._bridge.link.connection
        if connection is not None and not self._output.full:
            if connection.pending:
                return {connection.fileno()}
            poll.register(connection.fileno(), select.POLLIN)
        seconds = self._bridge.link.timeout or _PARENT_SECONDS
        if self._closed_at is not None:
            seconds = min(seconds, _LAST_SECONDS)
        return {descriptor for descriptor, _ in poll.poll(seconds * 1000)}

    def _read(self) -> None:
        piece = os.read(self._source, _PIECE)
        lines = self._lines.take(piece) if piece else self._lines.rest()
        if not piece:
            self._closed_at = time.monotonic()
        for line in lines:
            self._bridge.take(line)
