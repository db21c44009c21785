"""Owns what waits to be written to one client: bounded, and never waited for by a chat."""

from collections.abc import Callable

import trio

from claudetted.protocol.base import ChatId
from claudetted.protocol.events import LaggingParams
from claudetted.wire import jsonrpc

SOFT_BYTES = 256 * 1024
"""Above this much the client lags: deltas are put off and merged."""
HARD_BYTES = 8 * 1024 * 1024
"""Above this much the client is disconnected and told where to resume."""
LAST_WORD_SECONDS = 2.0

Mark = tuple[ChatId, int]
"""(chat, the last of its events that was told)"""


class Overflow(Exception):
    """The client fell too far behind; what could be told to it has been told."""


class Outbox:
    """Filled from anywhere in the trio thread without waiting; emptied by `run`.

    Error handling: `run` raises Overflow when the client was too slow, and what the stream
    raises when it breaks.
    """

    def __init__(self, cursor_of: Callable[[int], str]) -> None:
        self._cursor_of = cursor_of
        self._queue: list[tuple[bytes, Mark | None]] = []
        self._size = 0
        self.lagging = False
        """Whether deltas should wait until what is queued has gone."""
        self._marks: dict[ChatId, int] = {}
        self._drained: list[Callable[[], None]] = []
        self._overflowed = False
        self._lot = trio.lowlevel.ParkingLot()
        self._scope = trio.CancelScope()

    @property
    def size(self) -> int:
        """Bytes the client has not taken yet."""
        return self._size

    def put(self, frames: bytes, mark: Mark | None = None) -> None:
        if self._overflowed:
            return
        self._queue.append((frames, mark))
        self._grow(len(frames))
        if frames and self._size > HARD_BYTES + len(frames):
            self.give_up()
        else:
            self._lot.unpark()

    def _grow(self, more: int) -> None:
        self._size += more
        self.lagging = self._size > SOFT_BYTES

    def unmark(self, chat_id: ChatId) -> None:
        """The client follows the chat no more, or from elsewhere: what was told is no cursor."""
        self._marks.pop(chat_id, None)
        self._queue = [
            (frames, None if mark and mark[0] == chat_id else mark) for frames, mark in self._queue
        ]

    def when_drained(self, call: Callable[[], None]) -> None:
        self._drained.append(call)

    async def drained(self) -> None:
        """Returns when the client has taken what was queued."""
        if self._queue or self._size:
            gone = trio.Event()
            self.when_drained(gone.set)
            await gone.wait()

    async def run(self, stream: trio.abc.SendStream) -> None:
        """Writes until cancelled."""
        with self._scope:
            while not self._overflowed:
                while not self._queue and not self._overflowed:
                    await self._lot.park()
                await self._write(stream)
        if self._overflowed:
            raise Overflow

    async def _write(self, stream: trio.abc.SendStream) -> None:
        taken, self._queue = self._queue, []
        for _, mark in taken:
            if mark:
                self._marks[mark[0]] = mark[1]
        await stream.send_all(b"".join(frames for frames, _ in taken))
        self._grow(-sum(len(frames) for frames, _ in taken))
        if self._overflowed:
            await stream.send_all(self._last_word())
        elif self._size <= SOFT_BYTES // 2:
            waiting, self._drained = self._drained, []
            for call in waiting:
                call()

    def give_up(self) -> None:
        """What is not on its way yet is dropped; the client resumes before it."""
        if not self._overflowed:
            self._overflowed = True
            self._queue.clear()
            self._scope.deadline = trio.current_time() + LAST_WORD_SECONDS
            self._lot.unpark()

    def _last_word(self) -> bytes:
        cursors: dict[str, str] = {
            chat_id: self._cursor_of(seq) for chat_id, seq in self._marks.items()
        }
        return jsonrpc.notification("lagging", LaggingParams(cursors))
