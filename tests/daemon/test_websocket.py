"""What is tried at the door for browsers: pages of others, odd frames, too many, too much, nobody
there."""

import gzip
import json
from pathlib import Path

import pytest
import trio

from claudetted.rpc.doors import websocket
from claudetted.rpc.doors.web import files, pairing, streams
from claudetted.rpc.doors.web.http import HEAD_BYTES
from claudetted.wire.lines import REQUEST_LIMIT
from tests.daemon.client import PATIENCE, Client
from tests.daemon.frames import bearer, by_hand, handshake, page
from tests.daemon.remote import ask, closing, connect, enabled, paired, raw, rest_of
from tests.daemon.world import alone

STATUS = b'{"jsonrpc":"2.0","id":1,"method":"daemon/status"}'
PUBLIC = "https://box.example.ts.net"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "WRONG_SECONDS", 0.0)


@pytest.fixture
async def port(client: Client) -> int:
    return await enabled(client)


@pytest.fixture
async def token(client: Client, port: int) -> str:
    return str((await paired(client, port))["token"])


# Who may speak to us


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://127.0.0.1:{port}.evil.example",
        "http://evil.example@127.0.0.1:{port}",
        "https://127.0.0.1:{port}",
        "file://",
        "http://127.0.0.1:{port}, https://evil.example",
        "chrome-extension://abcdef",
    ],
)
async def test_a_page_of_another_origin_is_turned_away(
    client: Client, port: int, token: str, origin: str
) -> None:
    origin = origin.format(port=port)
    assert await handshake(port, page(port, token, origin)) == 403
    assert await handshake(port, bearer(token) | {"Origin": origin}) == 403
    status, headers, body = await ask(port, "GET", "/", {"Origin": origin})
    assert (status, body) == (403, b"")
    assert not [name for name in headers if name.startswith("access-control-")]
    # A code that it brings is not spent.
    code = (await client.call("device/pair"))["code"]
    sent = json.dumps({"code": code}).encode()
    assert (await ask(port, "POST", "/pair", {"Origin": origin}, sent))[0] == 403
    assert (await ask(port, "POST", "/pair", body=sent))[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "127.0.0.1:1",
        "127.0.0.2:{port}",
        "[::1]:{port}",
        "127.0.0.1:{port}@evil.example",
        "127.0.0.1:{port}, evil.example",
        "127.0.0.1:x",
        " ",
    ],
)
async def test_a_name_that_was_made_to_lead_here_is_turned_away(
    port: int, token: str, host: str
) -> None:
    host = host.format(port=port)
    for headers in (bearer(token), page(port, token), page(port, token, f"http://{host}")):
        assert await handshake(port, headers, host=host) in (400, 403)
    assert (await ask(port, "GET", "/", host=host))[0] in (400, 403)


async def test_two_hosts_are_none(port: int, token: str) -> None:
    lines = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n"
    assert await raw(port, lines.encode()) == b""
    assert await handshake(port, bearer(token) | {"host": "evil.example"}) == 0


async def test_our_own_page_and_programs_come_in(port: int, token: str) -> None:
    assert await handshake(port, page(port, token)) == 101
    assert await handshake(port, bearer(token)) == 101
    local = f"localhost:{port}"
    assert await handshake(port, page(port, token, f"http://{local}"), host=local) == 101


async def test_a_public_origin_comes_in_through_its_proxy(
    client: Client, port: int, token: str
) -> None:
    at_proxy = page(port, token, PUBLIC)
    assert await handshake(port, at_proxy, host="box.example.ts.net") == 403
    await client.call("setting/set", key="remote_origins", value=[PUBLIC])
    assert await handshake(port, at_proxy, host="box.example.ts.net") == 101
    assert await handshake(port, at_proxy) == 101
    assert await handshake(port, page(port, token, "https://x.example.ts.net")) == 403


async def test_a_missing_or_wrong_token_is_turned_away(port: int, token: str) -> None:
    without = bearer(token)
    del without["Authorization"]
    assert await handshake(port, without) == 401
    assert await handshake(port, bearer(f"{token}x")) == 401
    assert await handshake(port, without | {"Authorization": f"Basic {token}"}) == 401
    # What a page sends needs the page's Origin beside it.
    forged = page(port, token)
    del forged["Origin"]
    assert await handshake(port, forged) == 401
    assert (await ask(port, "GET", f"/socket?token={token}", without))[0] == 404


async def test_a_page_learns_that_its_token_is_worth_nothing(
    port: int, nursery: trio.Nursery
) -> None:
    connection, _ = await by_hand(port, page(port, "wrong"), nursery)
    assert await connection.closed_with() == websocket.REVOKED


async def test_the_token_is_not_echoed(port: int, token: str, nursery: trio.Nursery) -> None:
    _, head = await by_hand(port, page(port, token), nursery)
    assert f"sec-websocket-protocol: {streams.SUBPROTOCOL}\r\n" in head.lower()
    assert token not in head


@pytest.mark.parametrize(
    "target",
    [
        "/nothing",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/./socket",
        "http://evil.example/",
        "*",
        "/socket",
        "/pair",
    ],
)
async def test_anything_else_is_not_found(port: int, target: str) -> None:
    for method in ("GET", "OPTIONS", "DELETE"):
        status, headers, body = await ask(port, method, target)
        assert (status, body) == (404, b"")
        assert "server" not in headers


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"\0" * 100,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * (HEAD_BYTES // 3),
    ],
)
async def test_what_is_no_request_gets_no_answer(client: Client, port: int, data: bytes) -> None:
    assert await raw(port, data + b"\r\n\r\n") == b""
    assert await client.call("daemon/status")


# The page


async def test_the_page_is_served_to_be_used_alone(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_PLACE", tmp_path)
    assert (await ask(port, "GET", "/"))[0] == 404  # where it was not built
    (tmp_path / "index.html.gz").write_bytes(gzip.compress(b"<p>"))
    status, headers, body = await ask(port, "GET", "/")
    assert (status, body) == (200, b"<p>")
    assert headers["content-security-policy"] == files.POLICY
    assert "'unsafe" not in files.POLICY and "frame-ancestors 'none'" in files.POLICY
    assert (headers["x-frame-options"], headers["referrer-policy"]) == ("DENY", "no-referrer")
    _, packed, body = await ask(port, "GET", "/", {"Accept-Encoding": "gzip, br"})
    assert (packed["content-encoding"], gzip.decompress(body)) == ("gzip", b"<p>")
    again = await ask(port, "GET", "/", {"If-None-Match": headers["etag"]})
    assert (again[0], again[2]) == (304, b"")


# Frames


async def test_a_message_may_be_sixteen_megabytes_and_no_more(
    client: Client, port: int, token: str, nursery: trio.Nursery
) -> None:
    connection, _ = await by_hand(port, bearer(token), nursery)
    await connection.send(STATUS[:-1] + b" " * (REQUEST_LIMIT - len(STATUS)) + b"}")
    assert json.loads((await connection.read())[1])["result"]["version"]
    nursery.start_soon(connection.send, b" " * (REQUEST_LIMIT + 1))
    assert await connection.closed_with() == 1009
    await alone(client)


async def test_a_binary_frame_ends_the_connection(
    client: Client, port: int, token: str, nursery: trio.Nursery
) -> None:
    connection, _ = await by_hand(port, bearer(token), nursery)
    await connection.send(STATUS, opcode=2)
    assert await connection.closed_with() == streams.UNSUPPORTED
    await alone(client)


async def test_text_that_is_not_utf8_ends_the_connection(
    client: Client, port: int, token: str, nursery: trio.Nursery
) -> None:
    connection, _ = await by_hand(port, bearer(token), nursery)
    await connection.send(b'{"jsonrpc":"2.0","id":1,"method":"\xff"}')
    assert await connection.closed_with() == 0
    await alone(client)


async def test_a_message_in_many_frames_is_one(
    port: int, token: str, nursery: trio.Nursery
) -> None:
    connection, _ = await by_hand(port, bearer(token), nursery)
    for place, byte in enumerate(STATUS):
        last = place == len(STATUS) - 1
        await connection.send(bytes([byte]), opcode=0 if place else 1, fin=last)
        await connection.send(b"", opcode=9)
    answers = [await connection.read() for _ in range(len(STATUS) + 1)]
    texts = [payload for opcode, payload in answers if opcode == 1]
    assert [json.loads(text)["id"] for text in texts] == [1]


async def test_a_line_end_in_a_frame_makes_no_second_message(
    port: int, token: str, nursery: trio.Nursery
) -> None:
    connection, _ = await by_hand(port, bearer(token), nursery)
    await connection.send(STATUS.replace(b",", b",\n"))
    assert json.loads((await connection.read())[1])["id"] == 1
    await connection.send(STATUS + b"\n" + STATUS)
    assert json.loads((await connection.read())[1])["error"]["data"]["name"] == "ParseError"


async def test_compression_is_never_agreed_on(
    client: Client, port: int, token: str, nursery: trio.Nursery
) -> None:
    offered = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
    connection, head = await by_hand(port, bearer(token) | offered, nursery)
    assert "extensions" not in head.lower()
    await connection.send(b"\xaa" * 100, rsv1=True)
    assert await connection.closed_with() == 0
    await alone(client)


async def test_a_flood_of_pings_ends_its_connection(
    client: Client, port: int, token: str, monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery
) -> None:
    monkeypatch.setattr(streams, "MOST_PONGS", 10)
    connection, _ = await by_hand(port, bearer(token), nursery)
    for _ in range(11):
        await connection.send(b"x", opcode=9)
    with trio.fail_after(PATIENCE):
        told = await rest_of(connection.stream)
    assert told.count(b"\x8a\x01x") == 10
    await alone(client)


# Too many, and nobody there


async def test_devices_have_so_many_connections_and_the_next_is_told(
    client: Client, port: int, token: str, nursery: trio.Nursery
) -> None:
    held = [await by_hand(port, bearer(token), nursery) for _ in range(websocket.MOST_CONNECTIONS)]
    assert await handshake(port, bearer(token)) == 503
    await held[0][0].stream.aclose()
    while len((await client.call("daemon/status"))["connected"]) > len(held):
        await trio.lowlevel.checkpoint()
    while await handshake(port, bearer(token)) != 101:
        await trio.lowlevel.checkpoint()


async def test_who_says_nothing_keeps_nobody_out_for_long(
    port: int, token: str, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hasty, trio.fail_after(PATIENCE):
        hasty.setattr(websocket, "ARRIVING_SECONDS", 0.1)
        many = range(websocket.MOST_ARRIVING + 10)
        silent = [await trio.open_tcp_stream("127.0.0.1", port) for _ in many]
        for stream in silent:
            nursery.start_soon(closing, stream)
        for stream in silent:
            assert await rest_of(stream) == b""
    assert await handshake(port, bearer(token)) == 101


async def test_a_request_that_trickles_is_given_up(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "ARRIVING_SECONDS", 0.1)
    assert await raw(port, b"GET / HTTP/1.1\r\nHost:") == b""
    assert (await ask(port, "POST", "/pair", {"Content-Length": "9"}))[0] == 0


async def test_a_device_that_answers_no_ping_is_let_go(
    client: Client, port: int, token: str, monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery
) -> None:
    monkeypatch.setattr(streams, "PING_SECONDS", 0.01)
    monkeypatch.setattr(streams, "PONG_SECONDS", 0.05)
    connection, _ = await by_hand(port, bearer(token), nursery)
    with trio.fail_after(PATIENCE):
        assert (await connection.read())[0] == 9
        assert await connection.closed_with() == websocket.GONE
    await alone(client)


async def test_one_that_answers_stays(
    client: Client,
    port: int,
    token: str,
    nursery: trio.Nursery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "PING_SECONDS", 0.001)
    guest = await connect(port, token, nursery)
    for _ in range(20):
        await guest.call("chat/list")
    assert not guest.closed


async def test_one_that_vanishes_costs_nothing(
    client: Client, port: int, token: str, nursery: trio.Nursery
) -> None:
    connection, _ = await by_hand(port, bearer(token), nursery)
    await connection.send(b'{"jsonrpc":"2.0","id":1,"method":"event/subscribe"}')
    await connection.read()
    await connection.stream.aclose()
    await alone(client)
