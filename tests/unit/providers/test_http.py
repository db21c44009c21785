"""HTTP: real servers, real sockets, and every way in which they may fail."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from claudetted.providers import http

SECRET = "sk-open-sesame"
Play = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(play: Play) -> Iterator[str]:
    """The address of a server that answers every request like this."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

        def do_GET(self) -> None:
            play(self)

        do_POST = do_GET

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answering(status: int, body: bytes, **headers: str) -> Play:
    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return play


async def failure(url: str, **params: object) -> http.HttpFailed:
    with pytest.raises(http.HttpFailed) as failed:
        await http.fetch_json(url, **params)  # type: ignore[arg-type]  # passed on
    assert SECRET not in str(failed.value)
    return failed.value


async def test_what_a_server_says_is_read_and_the_key_is_its_bearers() -> None:
    seen: list[tuple[str, str | None, bytes]] = []

    def play(handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", 0))
        read = handler.rfile.read(length)
        seen.append((handler.command, handler.headers["Authorization"], read))
        answering(200, b'{"data": [1]}')(handler)

    with serving(play) as url:
        assert await http.fetch_json(f"{url}/a", key=SECRET) == {"data": [1]}
        assert await http.fetch_json(f"{url}/b", body={"name": "x"}) == {"data": [1]}
    (method, authorization, _), (other, nobody, body) = seen
    assert (method, authorization) == ("GET", f"Bearer {SECRET}")
    assert (other, nobody, json.loads(body)) == ("POST", None, {"name": "x"})


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_another_status_is_a_failure_that_names_it(status: int) -> None:
    with serving(answering(status, b"{}")) as url:
        failed = await failure(f"{url}/credits?token={SECRET}", key=SECRET)
    assert failed.status == status
    assert str(failed) == f"{url}/credits answered {status}."


async def test_the_key_goes_nowhere_else() -> None:
    asked: list[str] = []
    with (
        serving(lambda handler: asked.append(handler.path)) as elsewhere,
        serving(answering(302, b"", Location=f"{elsewhere}/x")) as url,
    ):
        assert (await failure(url, key=SECRET)).status == 302
    assert asked == []


@pytest.mark.parametrize("key", [f"{SECRET}\n", f"{SECRET}é"])
async def test_a_key_that_cannot_be_sent_is_not_told(key: str) -> None:
    assert "no key has" in str(await failure("http://127.0.0.1:1/", key=key))


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe"])
async def test_what_is_no_json_is_a_failure(body: bytes) -> None:
    with serving(answering(200, body)) as url:
        assert "no JSON" in str(await failure(url))


async def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    with serving(answering(200, b"[" + b" " * 2000)) as url:
        assert "more than" in str(await failure(url))


async def test_nobody_is_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        failed = await failure(f"http://name:{SECRET}@127.0.0.1:{port}/v1", key=SECRET)
    assert failed.status is None
    assert str(failed).startswith(f"http://127.0.0.1:{port}/v1 cannot be reached")


@pytest.mark.parametrize("url", ["no-address", "http://[", "http://a\x00b/", "file:///etc/passwd"])
async def test_what_is_no_address_is_a_failure_like_others(url: str) -> None:
    await failure(url)


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        failed = await failure(f"http://127.0.0.1:{port}/", seconds=0.2)
    assert "did not answer within 0.2 s" in str(failed)


async def test_a_server_of_this_machine_is_asked_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serving(answering(200, b"{}")) as url:
        assert await http.fetch_json(url) == {}
