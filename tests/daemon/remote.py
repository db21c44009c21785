"""Owns what comes from elsewhere as tests use it: raw HTTP, pairing, clients on WebSockets."""

import json
from typing import Any

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from claudetted.protocol.remote import PAIR_PATH, SOCKET_PATH
from tests.daemon.client import PATIENCE, Client, Json

QUEUED = 1
"""Messages that a client holds which does not read."""


class FrameStream(trio.abc.Stream):
    """A WebSocket for `Client`, which speaks lines."""

    def __init__(self, connection: WebSocketConnection, below: trio.abc.Stream) -> None:
        self.connection = connection
        self.below = below

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        try:
            message = await self.connection.get_message()
        except ConnectionClosed:
            return b""
        assert isinstance(message, str)
        assert "\n" not in message
        return message.encode() + b"\n"

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        line = bytes(data).decode(errors="surrogateescape").removesuffix("\n")
        try:
            await self.connection.send_message(line)
        except ConnectionClosed:
            raise trio.BrokenResourceError from None

    async def wait_send_all_might_not_block(self) -> None:
        await self.below.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await trio.aclose_forcefully(self.below)


async def enabled(client: Client, **params: Any) -> int:
    """Opens the door at a port that is free, unless it is told where; its number."""
    opened = await client.call("remote/enable", **{"listen": "127.0.0.1:0", **params})
    return int(opened["remote"]["listen"].rpartition(":")[2])


async def paired(client: Client, port: int, right: str = "administer", **params: Any) -> Json:
    """A new device: `token` and `device`."""
    code = (await client.call("device/pair", right=right, **params))["code"]
    status, _, body = await exchange(port, code)
    assert status == 200, body
    return dict(json.loads(body))


async def exchange(port: int, code: str, **fields: str) -> tuple[int, dict[str, str], bytes]:
    body = json.dumps({"code": code, **fields}).encode()
    return await ask(port, "POST", PAIR_PATH, body=body)


async def ask(
    port: int,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    host: str = "",
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by lower-case name, and body."""
    lines = {"Host": host or f"127.0.0.1:{port}", **(headers or {})}
    if body:
        lines["Content-Length"] = str(len(body))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    request = f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body
    return answer_in(await raw(port, request))


async def raw(port: int, data: bytes) -> bytes:
    """All that bytes are answered with until the connection closes."""
    with trio.fail_after(PATIENCE):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            await stream.send_all(data)
            return await rest_of(stream)


async def rest_of(stream: trio.abc.ReceiveStream) -> bytes:
    told = b""
    try:
        while chunk := await stream.receive_some():
            told += chunk
    except trio.BrokenResourceError:
        pass  # it was closed with something of ours unread
    return told


def answer_in(told: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status 0 where there is no answer."""
    if not told:
        return 0, {}, b""
    head, _, body = told.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}, body


async def connect(port: int, token: str, nursery: trio.Nursery, **options: int) -> Client:
    """As `opened`, and closed with the test, whose nursery it is."""
    client = await opened(port, token, nursery, **options)
    nursery.start_soon(closing, client.stream)
    return client


async def opened(
    port: int,
    token: str,
    nursery: trio.Nursery,
    **options: int,
) -> Client:
    """A client whose reader runs in `nursery`. `options` are of the socket, such as SO_RCVBUF, but
    no less than 64 KiB: TCP would take minutes."""
    below = await trio.open_tcp_stream("127.0.0.1", port)
    for name, value in options.items():
        below.setsockopt(trio.socket.SOL_SOCKET, getattr(trio.socket, name), max(value, 64 * 1024))
    connection = await wrap_client_stream(
        nursery,
        below,
        f"127.0.0.1:{port}",
        SOCKET_PATH,
        extra_headers=[(b"Authorization", b"Bearer " + token.encode())],
        message_queue_size=QUEUED,
        max_message_size=64 * 1024 * 1024,
        receive_buffer_size=256 * 1024,
    )
    client = Client(FrameStream(connection, below))
    nursery.start_soon(client.run)
    return client


async def closing(stream: trio.abc.AsyncResource) -> None:
    """Closes it with the test."""
    try:
        await trio.sleep_forever()
    finally:
        await trio.aclose_forcefully(stream)
