"""HTTP: real servers, real sockets, and every way in which they may fail."""

import json
import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from claudetted.providers import http
from tests.fakes.authority import Authority
from tests.fakes.serving import answering, serving
from tests.support.ports import own_port

SECRET = "sk-open-sesame"


async def failure(url: str, **params: object) -> http.HttpFailed:
    with pytest.raises(http.HttpFailed) as failed:
        await http.fetch_json(url, **{"env": {}, **params})  # type: ignore[arg-type]  # passed on
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
        assert await http.fetch_json(f"{url}/a", key=SECRET, env={}) == {"data": [1]}
        assert await http.fetch_json(f"{url}/b", body={"name": "x"}, env={}) == {"data": [1]}
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
    assert "invalid characters" in str(await failure("http://127.0.0.1:1/", key=key))


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe"])
async def test_what_is_no_json_is_a_failure(body: bytes) -> None:
    with serving(answering(200, body)) as url:
        assert "not JSON" in str(await failure(url))


async def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    with serving(answering(200, b"[" + b" " * 2000)) as url:
        assert "too large" in str(await failure(url))


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


PROXY = {"HTTP_PROXY": "http://name:secret@127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:2"}


@pytest.mark.parametrize(
    ("url", "env", "proxy"),
    [
        ("http://gpu:11434", PROXY, PROXY["HTTP_PROXY"]),
        ("https://gpu", PROXY, PROXY["HTTPS_PROXY"]),
        ("https://gpu", {**PROXY, "https_proxy": "http://other:3"}, "http://other:3"),
        ("http://gpu", {}, ""),
        ("http://127.0.0.1:1", PROXY, ""),
        ("http://localhost", PROXY, ""),
        ("http://api.localhost", PROXY, ""),
        ("http://[::1]:2", PROXY, ""),
        ("http://gpu:11434", {**PROXY, "NO_PROXY": "a, gpu"}, ""),
        ("http://gpu:11434", {**PROXY, "no_proxy": "gpu:11434"}, ""),
        ("http://gpu:11434", {**PROXY, "no_proxy": "gpu:1"}, PROXY["HTTP_PROXY"]),
        ("http://a.corp", {**PROXY, "NO_PROXY": "*.corp"}, ""),
        ("http://a.corp", {**PROXY, "NO_PROXY": ".corp"}, ""),
        ("http://acorp", {**PROXY, "NO_PROXY": "corp"}, PROXY["HTTP_PROXY"]),
        ("http://gpu", {**PROXY, "NO_PROXY": "*"}, ""),
        ("http://gpu", {**PROXY, "NO_PROXY": ","}, PROXY["HTTP_PROXY"]),
    ],
)
def test_a_request_goes_through_the_proxy_that_an_agents_would(
    url: str, env: dict[str, str], proxy: str
) -> None:
    assert http.proxy_of(url, env) == proxy


async def test_the_variables_of_the_daemon_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PROXY.items():
        monkeypatch.setenv(name, value)
    with serving(answering(200, b"{}")) as url:
        port = url.rpartition(":")[2]
        assert await http.fetch_json(f"http://127.0.0.1:{port}", env={}) == {}


async def test_a_failure_names_the_proxy_and_not_its_password() -> None:
    failed = await failure("http://gpu.example:11434/api/tags", env=PROXY)
    assert str(failed).startswith(
        "http://gpu.example:11434/api/tags cannot be reached through the proxy http://127.0.0.1:1"
    )
    assert "secret" not in str(failed)


@pytest.mark.parametrize("name", ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"])
async def test_an_authority_of_the_users_is_trusted(name: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with serving(answering(200, b"[1]"), authority.tls) as url:
        assert "certificate" in str(await failure(url, env={name: str(tmp_path / "none")}))
        assert await http.fetch_json(url, env={name: str(authority.file)}) == [1]


async def test_what_goes_outside_does_not_go_inside() -> None:
    with serving(answering(200, b"")) as url:
        place = url.replace("127.0.0.1", "localhost")
        for inside in (url, place):
            with pytest.raises(http.HttpFailed, match="is not on the internet") as refused:
                await http.post_outside(f"{inside}/secret", b"", {}, env={})
            assert "secret" not in str(refused.value)


async def test_what_goes_outside_goes_to_the_address_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificate is that of the name."""
    authority = Authority(tmp_path)
    monkeypatch.setattr(http, "is_public", lambda address: True)
    with serving(answering(404, b""), authority.tls) as url:
        place = url.replace("127.0.0.1", "localhost")
        with pytest.raises(http.HttpFailed) as gone:
            await http.post_outside(place, b"x", {}, env={"SSL_CERT_FILE": str(authority.file)})
        assert gone.value.status == 404
        with pytest.raises(http.HttpFailed, match="is not trusted"):
            await http.post_outside(place, b"x", {}, env={})


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.216.34", True), ("10.0.0.1", False), ("::ffff:10.0.0.1", False), ("ff02::1", False)],
)
def test_addresses_of_the_internet_are_told_from_others(address: str, public: bool) -> None:
    assert http.is_public(address) is public


async def test_whether_a_server_listens_is_learned_of_any_address_and_nothing_is_asked() -> None:
    asked: list[str] = []
    with serving(lambda handler: asked.append(handler.path)) as url, own_port() as nobodys:
        refuses = f"http://127.0.0.1:{nobodys}"
        assert await http.any_listens([refuses, url])
        assert not await http.any_listens([refuses])
    assert asked == []
