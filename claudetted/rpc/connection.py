"""Owns one client's connection: its reader, its writer, and the requests under way."""

import logging

import trio

from claudetted.protocol import errors
from claudetted.rpc.caller import Caller, Client, Clients
from claudetted.rpc.dispatch import Dispatcher, Parsed
from claudetted.rpc.outbox import Outbox, Overflow
from claudetted.wire import jsonrpc
from claudetted.wire.lines import LineSplitter, TooLong

logger = logging.getLogger(__name__)

_READ_BYTES = 64 * 1024
_LAST_ANSWERS_SECONDS = 2.0
_LAST_BYTES_SECONDS = 1.0
_MOST_WAITING = 256
"""Requests of one client that may wait for something at once."""


class Connections:
    """The connected clients, and how each is served."""

    def __init__(self, dispatcher: Dispatcher, clients: Clients, journal_id: str) -> None:
        self._dispatcher = dispatcher
        self._clients = clients
        self._journal_id = journal_id

    async def serve(self, stream: trio.abc.Stream, pid: int | None, of_agent: bool) -> None:
        """Serves one client until it leaves.

        Resource handling: closes the stream, and ends what belongs to this client only. Error
        handling: the bulkhead of a connection is here; no client's fault ends the daemon.
        """
        outbox = Outbox(self.cursor_of)
        self._clients.outboxes.add(outbox)
        try:
            async with stream:
                await self._converse(stream, pid, of_agent, outbox)
        except* (trio.BrokenResourceError, trio.ClosedResourceError, Overflow):
            logger.info("a client (pid %s) is gone", pid)
        except* Exception:
            logger.exception("the connection of a client (pid %s) failed", pid)
        finally:
            self._clients.outboxes.discard(outbox)

    async def _converse(
        self, stream: trio.abc.Stream, pid: int | None, of_agent: bool, outbox: Outbox
    ) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(outbox.run, stream)
            with trio.CancelScope() as answering:
                nursery.start_soon(self._leave_when_told, answering)
                await self._answer_all(stream, pid, of_agent, outbox)
            with trio.move_on_after(_LAST_BYTES_SECONDS):
                await outbox.drained()
            nursery.cancel_scope.cancel()

    async def _leave_when_told(self, answering: trio.CancelScope) -> None:
        await self._clients.leave.wait()
        answering.cancel()

    async def _answer_all(
        self, stream: trio.abc.Stream, pid: int | None, of_agent: bool, outbox: Outbox
    ) -> None:
        """A client that has closed its writing side may still wait for its answers."""
        async with trio.open_nursery() as nursery:
            client = Client(pid, of_agent, outbox, nursery)
            try:
                await self._read(stream, client)
            finally:
                client.leave()
            nursery.cancel_scope.deadline = trio.current_time() + _LAST_ANSWERS_SECONDS

    def cursor_of(self, seq: int) -> str:
        return f"{self._journal_id}.{seq}"

    async def _read(self, stream: trio.abc.Stream, client: Client) -> None:
        splitter = LineSplitter()
        limiter = trio.CapacityLimiter(_MOST_WAITING)
        while chunk := await stream.receive_some(_READ_BYTES):
            for line in splitter.feed(bytes(chunk)):
                if isinstance(line, TooLong):
                    client.outbox.put(_too_long(line))
                elif line.strip():
                    await self._take(line, client, limiter)

    async def _take(self, line: bytes, client: Client, limiter: trio.CapacityLimiter) -> None:
        """Answers in the order of asking, except where an answer may take its time."""
        parsed = self._dispatcher.parse(line)
        if parsed.waits:
            await limiter.acquire_on_behalf_of(parsed)
            client.nursery.start_soon(self._answer, parsed, client, limiter)
        else:
            await self._answer(parsed, client, None)

    async def _answer(
        self, parsed: Parsed, client: Client, limiter: trio.CapacityLimiter | None
    ) -> None:
        caller = Caller(client)
        frame = await self._dispatcher.answer(parsed, caller)
        client.outbox.put(frame)
        caller.replied()
        if limiter:
            limiter.release_on_behalf_of(parsed)


def _too_long(line: TooLong) -> bytes:
    message = f"The request is longer than {line.limit} bytes and was not read."
    return jsonrpc.error(None, errors.TooLarge(message, limit=line.limit))
