"""Owns the little HTTP that the door speaks: one request a connection, read within limits."""

import h11
import msgspec
import trio

HEAD_BYTES = 16 * 1024
BODY_BYTES = 4 * 1024
_READ_BYTES = 4 * 1024

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
}
_REASONS = {
    200: "OK",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    503: "Service Unavailable",
}


class BadRequest(Exception):
    """It is no request, or too long."""


class Head(msgspec.Struct, frozen=True):
    """A request without its body. `raw` is every byte that was read, for whoever goes on."""

    method: str
    target: str
    headers: dict[str, str]
    """By their names in lower case. Those that came twice are joined by a comma."""
    raw: bytes
    doubled: frozenset[str] = frozenset()
    parser: h11.Connection = msgspec.field(default_factory=lambda: h11.Connection(h11.SERVER))

    @property
    def is_upgrade(self) -> bool:
        return self.headers.get("upgrade", "").lower() == "websocket"


async def read_head(stream: trio.abc.ReceiveStream) -> Head | None:
    """None when the other side leaves without a request. Raises BadRequest."""
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
    raw = b""
    while True:
        try:
            event = parser.next_event()
        except h11.RemoteProtocolError as fault:
            raise BadRequest(str(fault)) from None
        if isinstance(event, h11.Request):
            return _head(event, raw, parser)
        if event is not h11.NEED_DATA:
            return None
        data = bytes(await stream.receive_some(_READ_BYTES))
        raw += data
        parser.receive_data(data)


def _head(request: h11.Request, raw: bytes, parser: h11.Connection) -> Head:
    headers: dict[str, str] = {}
    doubled: set[str] = set()
    for name_bytes, value_bytes in request.headers:
        name, value = name_bytes.decode("latin-1"), value_bytes.decode("latin-1")
        if name in headers:
            doubled.add(name)
            value = f"{headers[name]}, {value}"
        headers[name] = value
    method, target = request.method.decode("latin-1"), request.target.decode("latin-1")
    return Head(method, target, headers, raw, frozenset(doubled), parser)


async def read_body(head: Head, stream: trio.abc.ReceiveStream) -> bytes:
    """Raises BadRequest when it is longer than BODY_BYTES or broken off."""
    body = b""
    while True:
        try:
            event = head.parser.next_event()
        except h11.RemoteProtocolError as fault:
            raise BadRequest(str(fault)) from None
        if isinstance(event, h11.EndOfMessage):
            return body
        if isinstance(event, h11.Data):
            body += event.data
            if len(body) > BODY_BYTES:
                raise BadRequest("the body is too long")
        elif event is h11.NEED_DATA:
            head.parser.receive_data(bytes(await stream.receive_some(_READ_BYTES)))
        else:
            raise BadRequest("the request broke off")


async def answer(
    stream: trio.abc.SendStream,
    status: int,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> None:
    """Writes a whole response; whoever calls closes the stream."""
    lines = {"Content-Length": str(len(body)), **_ALWAYS, **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    await stream.send_all(f"HTTP/1.1 {status} {_REASONS[status]}\r\n{head}\r\n".encode() + body)
