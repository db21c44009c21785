"""Owns the door for browsers and other machines: the protocol over WebSockets, and the page.

Closed until it is enabled. What a connection must pass, in this order, before a line of it is
read: a free place, a whole request in time, a Host and an Origin of ours, and a device's token.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial

import msgspec
import trio

from claudetted.protocol.devices import Device, ExchangeParams, ExchangeResult
from claudetted.protocol.remote import PAIR_PATH, SOCKET_PATH
from claudetted.rpc.connection import Connections
from claudetted.rpc.doors.peer import Peer, Rights
from claudetted.rpc.doors.web import files, http
from claudetted.rpc.doors.web.listening import Listening
from claudetted.rpc.doors.web.origins import Place, knows_host, knows_origin
from claudetted.rpc.doors.web.pairing import Pairing
from claudetted.rpc.doors.web.streams import (
    ARRIVING_SECONDS,
    LineStream,
    Transport,
    keep_alive,
    turn_away,
    web_socket,
)
from claudetted.store.writer import StoreRefused

logger = logging.getLogger(__name__)

TOKEN_PREFIX = "claudetted.token."
"""A browser gives its token as one more subprotocol: it can set no header."""
DONE = 1000
GONE = 1001
"""The codes a WebSocket is closed with: in order, or because the door or the device went."""
REVOKED = 4401
"""The code a WebSocket is closed with whose token is worth nothing, or nothing any more."""

MOST_CONNECTIONS = 64
"""Of devices, at once."""
MOST_ARRIVING = 64
"""Connections that have not shown a token yet, at once."""
SEND_BUFFER = 256 * 1024
"""Bytes that the kernel may hold for one of them: it would take megabytes by itself."""


class WebSocketDoor:
    """Serves connections that `Remote` has accepted."""

    def __init__(
        self,
        pairing: Pairing,
        connections: Connections,
        public_origins: Callable[[], Sequence[str]],
    ) -> None:
        self._pairing = pairing
        self._connections = connections
        self._public_origins = public_origins
        self._arriving = 0
        self._served = 0

    async def serve(self, listening: Listening, nursery: trio.Nursery) -> None:
        """Accepts until cancelled. Connections live in the nursery."""

        async def welcome(stream: trio.SocketStream) -> None:
            await self._welcome(stream, listening)

        await trio.serve_listeners(welcome, listening.listeners, handler_nursery=nursery)

    async def _welcome(self, socket: trio.SocketStream, listening: Listening) -> None:
        """Error handling: the bulkhead of one connection; nothing that comes in ends the daemon."""
        if self._arriving >= MOST_ARRIVING:
            await trio.aclose_forcefully(socket)
            return
        try:
            socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_SNDBUF, SEND_BUFFER)
            address, port = socket.socket.getsockname()[:2]
            place = Place(address, port, listening.tls is not None)
            await self._arrive(socket, place, listening)
        except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError, http.BadRequest):
            logger.debug("a connection ended before it had said what it wants")
        except* Exception:
            logger.exception("a connection from elsewhere failed")
        finally:
            await trio.aclose_forcefully(socket)

    async def _arrive(self, socket: trio.SocketStream, place: Place, listening: Listening) -> None:
        stream: trio.abc.Stream = socket
        if listening.tls:
            stream = trio.SSLStream(socket, listening.tls, server_side=True, https_compatible=True)
        self._arriving += 1
        try:
            request = await _request(stream)
            device = await self._look(*request, place, stream) if request else None
        finally:
            self._arriving -= 1
        if request and device:
            await self._converse(device, Transport(stream, request[0].raw))

    async def _look(
        self, head: http.Head, body: bytes, place: Place, stream: trio.abc.Stream
    ) -> Device | None:
        """A device that may come in; everybody else is answered here."""
        public = self._public_origins()
        if not _is_ours(head, place, public):
            logger.warning(
                "refused a request with Host %r and Origin %r: see the setting remote_origins",
                head.headers.get("host"),
                head.headers.get("origin"),
            )
            await http.answer(stream, 403)
        elif head.target == SOCKET_PATH and head.is_upgrade:
            return await self._admit(head, stream)
        elif _is_exchange(head):
            await self._exchange(body, stream)
        elif found := files.answer_to(head):
            await http.answer(stream, *found)
        else:
            await http.answer(stream, 404)
        return None

    async def _admit(self, head: http.Head, stream: trio.abc.Stream) -> Device | None:
        by_browser, token = _token(head)
        device = await self._pairing.admit(token) if token else None
        if device and self._served >= MOST_CONNECTIONS:
            await http.answer(stream, 503)
            return None
        if device is None and by_browser:
            # A page is told nothing of a handshake that fails, so this one succeeds.
            await turn_away(Transport(stream, head.raw), REVOKED)
        elif device is None:
            await http.answer(stream, 401)
        return device

    async def _exchange(self, body: bytes, stream: trio.abc.Stream) -> None:
        """A code for a token."""
        try:
            asked = msgspec.json.decode(body, type=ExchangeParams)
        except msgspec.DecodeError:
            await http.answer(stream, 400)
            return
        try:
            paired = await self._pairing.exchange(asked.code, asked.name)
        except StoreRefused as refusal:
            logger.warning("could not pair a device: %s", refusal)
            await http.answer(stream, 503)
            return
        if paired is None:
            await http.answer(stream, 401)
            return
        answer = msgspec.json.encode(ExchangeResult(*paired))
        kind = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        await http.answer(stream, 200, answer, kind)

    async def _converse(self, device: Device, transport: Transport) -> None:
        peer = Peer(f"device {device.name}", "device", Rights(device.right), device.id)
        self._served += 1
        try:
            with self._pairing.connected(device.id) as scope:
                async with web_socket(transport) as connection, trio.open_nursery() as nursery:
                    nursery.start_soon(keep_alive, connection, scope)
                    code = partial(self._closing_code, device, scope)
                    await self._connections.serve(LineStream(connection, transport, code), peer)
                    nursery.cancel_scope.cancel()
        finally:
            self._served -= 1

    def _closing_code(self, device: Device, scope: trio.CancelScope) -> int:
        if not scope.cancel_called:
            return DONE
        return GONE if self._pairing.knows(device.id) else REVOKED


async def _request(stream: trio.abc.Stream) -> tuple[http.Head, bytes] | None:
    """The head and, of the one request that has one, the body. None when it takes too long."""
    with trio.move_on_after(ARRIVING_SECONDS):
        head = await http.read_head(stream)
        if head is None:
            return None
        return head, await http.read_body(head, stream) if _is_exchange(head) else b""
    return None


def _is_exchange(head: http.Head) -> bool:
    return (head.method, head.target) == ("POST", PAIR_PATH)


def _is_ours(head: http.Head, place: Place, public: Sequence[str]) -> bool:
    if head.doubled & {"host", "origin", "authorization"}:
        return False
    origin = head.headers.get("origin")
    return knows_host(head.headers.get("host", ""), place, public) and (
        origin is None or knows_origin(origin, place, public)
    )


def _token(head: http.Head) -> tuple[bool, str]:
    """(whether a browser gives it, the token or nothing). What gives it as a browser does, and has
    no Origin, is none."""
    kind, _, token = head.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return False, token.strip()
    offered = head.headers.get("sec-websocket-protocol", "").split(",")
    tokens = [one.strip() for one in offered if one.strip().startswith(TOKEN_PREFIX)]
    if not tokens or "origin" not in head.headers:
        return False, ""
    return True, tokens[0].removeprefix(TOKEN_PREFIX)
