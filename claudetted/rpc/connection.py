"""Owns one client's connection: its reader, its writer, and the requests under way."""

import logging
import select

import trio

from claudetted.protocol import errors
from claudetted.rpc.caller import Caller, Client, Clients
from claudetted.rpc.dispatch import Dispatcher, Parsed
from claudetted.rpc.doors.peer import Peer
from claudetted.rpc.outbox import Outbox, Overflow
from claudetted.rpc.trace import Trace
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

    def __init__(
        self,
        dispatcher: Dispatcher,
        clients: Clients,
        journal_id: str,
        trace: Trace | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._clients = clients
        self._journal_id = journal_id
        self._trace = trace

    async def serve(self, stream: trio.abc.Stream, peer: Peer) -> None:
        """Serves one client until it leaves.

        Resource handling: closes the stream, and ends what belongs to this client only. Error
        handling: the bulkhead of a connection is here; no client's fault ends the daemon.
        """
        outbox = Outbox(self.cursor_of)
        self._clients.outboxes.add(outbox)
        if self._trace:
            stream = self._trace.of(stream)
        try:
            async with stream:
                await self._converse(stream, peer, outbox)
        except* (trio.BrokenResourceError, trio.ClosedResourceError, Overflow):
            logger.info("a client (%s) is gone", peer.label)
        except* Exception:
            logger.exception("the connection of a client (%s) failed", peer.label)
        finally:
            self._clients.outboxes.discard(outbox)

    async def _converse(self, stream: trio.abc.Stream, peer: Peer, outbox: Outbox) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(outbox.run, stream)
            with trio.CancelScope() as answering:
                nursery.start_soon(self._leave_when_told, answering)
                await self._answer_all(stream, peer, outbox)
            with trio.move_on_after(_LAST_BYTES_SECONDS):
                await outbox.drained()
            nursery.cancel_scope.cancel()

    async def _leave_when_told(self, answering: trio.CancelScope) -> None:
        await self._clients.leave.wait()
        answering.cancel()

    async def _answer_all(self, stream: trio.abc.Stream, peer: Peer, outbox: Outbox) -> None:
        """A client that has closed its writing side alone still gets what it has asked for."""
        async with trio.open_nursery() as looking:
            async with trio.open_nursery() as nursery:
                client = Client(peer, outbox, nursery)
                self._clients.present.add(client)
                try:
                    await self._read(stream, client)
                finally:
                    self._clients.present.discard(client)
                    client.leave()
                looking.start_soon(_cancel_when_gone, stream, nursery.cancel_scope)
            looking.cancel_scope.cancel()

    def cursor_of(self, seq: int) -> str:
        return f"{self._journal_id}.{seq}"

    async def _read(self, stream: trio.abc.Stream, client: Client) -> None:
        splitter = LineSplitter()
        limiter = trio.CapacityLimiter(_MOST_WAITING)
        while chunk := await stream.receive_some(_READ_BYTES):
            for line in splitter.feed(bytes(chunk)):
                await self._take(line, client, limiter)
        for line in splitter.end():
            await self._take(line, client, limiter)

    async def _take(
        self, line: bytes | TooLong, client: Client, limiter: trio.CapacityLimiter
    ) -> None:
        """Answers in the order of asking, except where an answer may take its time."""
        if isinstance(line, TooLong):
            client.outbox.put(_too_long(line))
            return
        if not line.strip():
            return
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
        if frame := await self._dispatcher.answer(parsed, caller):
            client.outbox.put(frame)
        for call in caller.after_reply:
            call()
        if limiter:
            limiter.release_on_behalf_of(parsed)


async def _cancel_when_gone(stream: trio.abc.Stream, answering: trio.CancelScope) -> None:
    """Nobody reads the answers of a client that has closed both sides."""
    while not answering.cancel_called:
        await trio.sleep(_LAST_ANSWERS_SECONDS)
        if _is_gone(stream):
            answering.cancel()


def _is_gone(stream: trio.abc.Stream) -> bool:
    """Only a socket can be closed on one side and still be read on the other."""
    connected = getattr(stream, "socket", None)
    if connected is None:
        return True
    poll = select.poll()
    poll.register(connected.fileno(), 0)
    return bool(poll.poll(0))


def _too_long(line: TooLong) -> bytes:
    message = f"The request is longer than {line.limit} bytes and was not read."
    return jsonrpc.error(None, errors.TooLarge(message, limit=line.limit))
