"""Owns handshakes and frames that a test writes by hand."""

import struct

import trio

from claudetted.rpc.doors import websocket
from claudetted.rpc.doors.web import streams
from tests.daemon.client import PATIENCE
from tests.daemon.remote import answer_in, closing


def bearer(token: str) -> dict[str, str]:
    """The headers of a handshake, as a program sends them."""
    return {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Authorization": f"Bearer {token}",
    }


def page(port: int, token: str, origin: str = "") -> dict[str, str]:
    """The headers of a handshake, as a browser sends them."""
    offered = f"{streams.SUBPROTOCOL}, {websocket.TOKEN_PREFIX}{token}"
    headers = bearer("") | {"Sec-WebSocket-Protocol": offered}
    del headers["Authorization"]
    return headers | {"Origin": origin or f"http://127.0.0.1:{port}"}


async def handshake(port: int, headers: dict[str, str], host: str = "") -> int:
    """The status that it is answered with."""
    lines = {"Host": host or f"127.0.0.1:{port}", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with trio.fail_after(PATIENCE):
        async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
            await stream.send_all(f"GET /socket HTTP/1.1\r\n{head}\r\n".encode())
            return answer_in(bytes(await stream.receive_some()))[0]


class Raw:
    """Frames by hand, after a handshake."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream

    async def send(
        self, payload: bytes, opcode: int = 1, fin: bool = True, rsv1: bool = False
    ) -> None:
        first = opcode | fin << 7 | rsv1 << 6
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", first, 0x80 | length)
        elif length < 1 << 16:
            head = struct.pack("!BBH", first, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", first, 0x80 | 127, length)
        # Masked with zeros: the payload as it is.
        await self.stream.send_all(head + bytes(4) + payload)

    async def read(self) -> tuple[int, bytes]:
        """(opcode, payload) of the next frame."""
        first, length = await self._exactly(2)
        if length == 126:
            (length,) = struct.unpack("!H", await self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self._exactly(8))
        return first & 0x0F, await self._exactly(length)

    async def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            chunk = await self.stream.receive_some(count - len(got))
            if not chunk:
                raise EOFError
            got += bytes(chunk)
        return got

    async def closed_with(self) -> int:
        """The code; 0 where it is closed without one."""
        with trio.fail_after(PATIENCE):
            while True:
                try:
                    opcode, payload = await self.read()
                except EOFError:
                    return 0
                if opcode == 8:
                    return int(struct.unpack("!H", payload[:2])[0])


async def by_hand(port: int, headers: dict[str, str], nursery: trio.Nursery) -> tuple[Raw, str]:
    """The connection, and the head of what it was answered with."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    nursery.start_soon(closing, stream)
    lines = {"Host": f"127.0.0.1:{port}", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    await stream.send_all(f"GET /socket HTTP/1.1\r\n{head}\r\n".encode())
    told = b""
    while not told.endswith(b"\r\n\r\n"):
        told += bytes(await stream.receive_some(1))
    return Raw(stream), told.decode()
