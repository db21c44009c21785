"""Owns streams between the network and what is behind the door: a WebSocket as a stream of lines,
and the bytes below a WebSocket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream
from wsproto.utilities import LocalProtocolError

from claudetted.rpc.doors.web.http import BadRequest
from claudetted.wire.lines import REQUEST_LIMIT

SUBPROTOCOL = "claudetted.1"
ARRIVING_SECONDS = 10.0
"""From the connection to the end of its request, and from there to the end of the handshake."""
PING_SECONDS = 30.0
PONG_SECONDS = 60.0
"""A device that answers no ping for so long is gone: a telephone that sleeps, a cable."""
CLOSE_SECONDS = 1.0
"""How long the other side has to close its end, too."""
UNSUPPORTED = 1003
"""The code a connection is closed with that sends binary frames."""
MOST_PONGS = 100
"""Answers to pings within PONGS_SECONDS; more of them is a flood."""
PONGS_SECONDS = 10.0

RECEIVE_BYTES = 64 * 1024

_OPCODE = 0x0F
_PONG = 0x0A


class Transport(trio.abc.Stream):
    """The bytes of a connection whose first were read already.

    Ends one that floods it with pings: the library answers each, and tells nobody of them. What is
    written while it gathers goes out in one piece afterwards: a frame alone is a few bytes.
    """

    def __init__(self, stream: trio.abc.Stream, read: bytes) -> None:
        self._stream = stream
        self._read = read
        self._sending = trio.Lock()
        self._gathered: list[bytes] | None = None
        self._pongs = 0
        self._since = trio.current_time()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        if self._read:
            first, self._read = self._read, b""
            return first
        return await self._stream.receive_some(max_bytes)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if data and data[0] & _OPCODE == _PONG:
            self._count_pong()
        if self._gathered is not None:
            self._gathered.append(bytes(data))
        else:
            async with self._sending:
                await self._stream.send_all(data)

    @asynccontextmanager
    async def gathering(self) -> AsyncIterator[None]:
        self._gathered = []
        try:
            yield
        finally:
            gathered, self._gathered = b"".join(self._gathered), None
        async with self._sending:
            await self._stream.send_all(gathered)

    def _count_pong(self) -> None:
        now = trio.current_time()
        if now - self._since > PONGS_SECONDS:
            self._since, self._pongs = now, 0
        self._pongs += 1
        if self._pongs > MOST_PONGS:
            raise trio.BrokenResourceError("too many pings")

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()


class LineStream(trio.abc.Stream):
    """A WebSocket as the lines of a socket: each text frame is one, whole.

    Owns the connection and what is below it; closes both.
    """

    def __init__(
        self, connection: WebSocketConnection, below: Transport, code: Callable[[], int]
    ) -> None:
        """`code` says, at the end, what to close it with."""
        self._connection = connection
        self._below = below
        self._code = code

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """One line, however long; empty at the end."""
        try:
            message = await self._connection.get_message()
        except ConnectionClosed:
            return b""
        if isinstance(message, bytes):
            self._code = lambda: UNSUPPORTED
            return b""
        # Outside of strings a line end is a space in JSON, and inside it cannot be.
        return message.encode().replace(b"\n", b" ") + b"\n"

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        try:
            async with self._below.gathering():
                for line in filter(None, bytes(data).split(b"\n")):
                    await self._connection.send_message(line.decode())
        except (ConnectionClosed, LocalProtocolError) as closed:
            raise trio.BrokenResourceError from closed

    async def wait_send_all_might_not_block(self) -> None:
        await self._below.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """The other side is told why, also when this is cut short."""
        try:
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._connection.aclose(self._code())
        except LocalProtocolError:
            return  # it closes already
        finally:
            await trio.aclose_forcefully(self._below)


@asynccontextmanager
async def web_socket(transport: Transport) -> AsyncIterator[WebSocketConnection]:
    """The connection after its handshake. Compression is never agreed on: what is sent in it could
    unpack to any size. Raises BadRequest."""
    async with trio.open_nursery() as nursery:
        request = None
        with trio.move_on_after(ARRIVING_SECONDS):
            request = await wrap_server_stream(
                nursery,
                transport,
                message_queue_size=1,
                max_message_size=REQUEST_LIMIT,
                receive_buffer_size=RECEIVE_BYTES,
            )
        if request is None:
            raise BadRequest("not a handshake of a WebSocket")
        offered = SUBPROTOCOL in request.proposed_subprotocols
        yield await request.accept(subprotocol=SUBPROTOCOL if offered else None)
        nursery.cancel_scope.cancel()


async def keep_alive(connection: WebSocketConnection, scope: trio.CancelScope) -> None:
    """Ends the connection when nobody is at the other end of it."""
    try:
        while True:
            await trio.sleep(PING_SECONDS)
            with trio.fail_after(PONG_SECONDS):
                await connection.ping()
    except trio.TooSlowError:
        scope.cancel()
    except (ConnectionClosed, LocalProtocolError):
        return  # whoever reads from it learns the same


async def turn_away(transport: Transport, code: int) -> None:
    """Finishes the handshake, only to close with a code."""
    async with web_socket(transport) as connection:
        with trio.move_on_after(CLOSE_SECONDS):
            await connection.aclose(code)
