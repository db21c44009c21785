"""Pairing: codes for one device and one minute, tokens that are worth nothing once revoked."""

import json
import logging
import sqlite3

import pytest
import trio

from claudetted.protocol import places
from claudetted.protocol.devices import CODE_SECONDS
from claudetted.protocol.method import Method
from claudetted.protocol.registry import METHODS
from claudetted.protocol.remote import PAIR_PATH, SOCKET_PATH
from claudetted.rpc.doors import websocket
from claudetted.rpc.doors.web import pairing
from tests.daemon.client import Client, Json
from tests.daemon.frames import bearer
from tests.daemon.remote import FrameStream, ask, connect, enabled, exchange, paired
from tests.daemon.world import Daemon, full_disk


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "WRONG_SECONDS", 0.0)


@pytest.fixture
async def port(client: Client) -> int:
    return await enabled(client)


async def devices(client: Client) -> list[Json]:
    return list((await client.call("device/list")).get("devices", []))


async def status_of(port: int, token: str) -> int:
    """What a handshake that is refused is answered with."""
    return (await ask(port, "GET", SOCKET_PATH, bearer(token)))[0]


async def test_a_link_lets_in_one_device_with_the_right_that_was_chosen(
    client: Client, port: int, nursery: trio.Nursery
) -> None:
    asked = await client.call("device/pair", right="decide")
    assert asked["url"] == f"http://127.0.0.1:{port}/#pair={asked['code']}"
    status, headers, body = await exchange(port, asked["code"], name=" My\x1b[31m\nphone ")
    told = json.loads(body)
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert (told["device"]["name"], told["device"]["right"]) == ("My [31m phone", "decide")
    guest = await connect(port, told["token"], nursery)
    refused = await guest.refused("chat/create", cwd="/")
    assert refused.data == {"name": "NotAllowed", "needs": "work", "has": "decide"}
    (listed,) = await devices(client)
    assert (listed["id"], listed["connections"]) == (told["device"]["id"], 1)
    assert "token" not in listed and listed["seenAt"]


async def test_the_name_that_was_chosen_when_pairing_counts(client: Client, port: int) -> None:
    asked = await client.call("device/pair", name="Tablet")
    _, _, body = await exchange(port, asked["code"], name="something else")
    assert json.loads(body)["device"]["name"] == "Tablet"
    assert json.loads(body)["device"]["right"] == "work"


async def test_a_code_is_good_once(client: Client, port: int) -> None:
    code = (await client.call("device/pair"))["code"]
    assert [(await exchange(port, code))[0] for _ in range(3)] == [200, 401, 401]
    assert len(await devices(client)) == 1


async def test_a_code_expires(client: Client, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (await client.call("device/pair"))["code"]
    now = trio.current_time()
    with monkeypatch.context() as later:
        later.setattr(trio, "current_time", lambda: now + CODE_SECONDS + 1)
        assert (await exchange(port, code))[0] == 401
    assert await devices(client) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"code": 7}', b'{"code": "x", "more": 1}'])
async def test_what_is_no_request_for_a_token_is_refused(port: int, body: bytes) -> None:
    status, _, told = await ask(port, "POST", PAIR_PATH, body=body)
    assert (status, told) == (400, b"")


async def test_wrong_codes_and_tokens_are_counted(client: Client, port: int) -> None:
    assert (await exchange(port, "wrong"))[0] == 401
    assert await status_of(port, "wrong") == 401
    assert await status_of(port, "") == 401
    assert (await client.call("daemon/status"))["remote"]["wrongAttempts"] == 2


async def test_wrong_ones_are_answered_late(
    client: Client, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    with monkeypatch.context() as watched:
        watched.setattr(pairing, "WRONG_SECONDS", 12.5)
        watched.setattr(trio, "sleep", sleep)
        assert (await exchange(port, "wrong"))[0] == 401
        assert await status_of(port, "wrong") == 401
    assert slept.count(12.5) == 2


async def test_a_token_is_stored_as_a_hash_and_outlives_the_daemon(
    daemon: Daemon, client: Client, nursery: trio.Nursery, address: str
) -> None:
    port = await enabled(client, listen=address)
    token = (await paired(client, port))["token"]
    with sqlite3.connect(places.database_path()) as database:
        (stored,) = database.execute("SELECT token FROM device").fetchone()
    assert token.encode() not in stored and len(stored) == 32
    await daemon.restart()
    again = await connect(port, token, nursery)
    assert (await again.call("daemon/status"))["remote"]["listen"] == address


async def test_nothing_secret_is_logged(
    client: Client, port: int, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        code = (await client.call("device/pair"))["code"]
        token = json.loads((await exchange(port, code))[2])["token"]
        await (await connect(port, token, nursery)).call("daemon/status")
        await exchange(port, code)
        await status_of(port, f"{token}x")
    assert "paired the device" in caplog.text
    assert code not in caplog.text and token not in caplog.text


async def test_who_is_connected_is_shown(client: Client, port: int, nursery: trio.Nursery) -> None:
    token = (await paired(client, port, "watch", name="Phone"))["token"]
    guest = await connect(port, token, nursery)
    await guest.call("daemon/hello", name="page", kind="browser")
    told = (await client.call("daemon/status"))["connected"]
    assert {"label": "device Phone", "name": "page", "kind": "browser", "right": "watch"} in told
    assert len(told) == 2


async def test_a_revoked_device_is_cut_off_at_once(
    client: Client, port: int, nursery: trio.Nursery
) -> None:
    first, other = await paired(client, port), await paired(client, port)
    guests = [await connect(port, one["token"], nursery) for one in (first, first, other)]
    for guest in guests:
        await guest.call("daemon/status")
    await client.call("device/revoke", deviceId=first["device"]["id"])
    for guest in guests[:2]:
        await guest.gone()
        assert isinstance(guest.stream, FrameStream)
        reason = guest.stream.connection.closed
        assert reason and reason.code == websocket.REVOKED
    assert await status_of(port, first["token"]) == 401
    assert (await guests[2].call("device/list"))["devices"][0]["id"] == other["device"]["id"]


async def test_a_device_that_watches_reaches_nothing_else(
    client: Client, port: int, nursery: trio.Nursery
) -> None:
    guest = await connect(port, (await paired(client, port, "watch"))["token"], nursery)
    asked = {method: await guest.post(method.name) for method in METHODS}
    for method, number in asked.items():
        error = (await guest.reply(number)).get("error", {"data": {"name": ""}})
        assert (error["data"]["name"] == "NotAllowed") == needs_more(method), method.name


def needs_more(method: Method) -> bool:
    return method.right != "watch"


async def test_device_pair_RemoteDisabled(client: Client) -> None:
    assert (await client.refused("device/pair")).name == "RemoteDisabled"


async def test_device_revoke_DeviceNotFound(client: Client) -> None:
    refused = await client.refused("device/revoke", deviceId="nothing")
    assert (refused.name, refused.data["deviceId"]) == ("DeviceNotFound", "nothing")


async def test_device_revoke_StoreFull(client: Client, port: int, nursery: trio.Nursery) -> None:
    told = await paired(client, port)
    guest = await connect(port, told["token"], nursery)
    await guest.call("daemon/status")
    with full_disk():
        refused = await client.refused("device/revoke", deviceId=told["device"]["id"])
        assert (await exchange(port, (await client.call("device/pair"))["code"]))[0] == 503
    assert refused.name == "StoreFull"
    await guest.gone()
