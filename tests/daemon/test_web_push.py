"""Web Push: what reaches a browser, what its service learns, and where the daemon does not send."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from claudetted.daemon import notify
from claudetted.protocol import places
from claudetted.providers import http
from claudetted.rpc.doors.web import push_keys, subscriptions
from claudetted.rpc.doors.web.push_keys import decoded
from tests.daemon.calls import asked_once, bash
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.remote import connect, enabled, paired
from tests.daemon.world import full_disk
from tests.fakes.authority import Authority
from tests.fakes.push_service import Browser, Posted, PushService, push_service

OUTSIDE = "https://push.example/abc"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """On this machine, which counts as the internet for it."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setattr(http, "is_public", lambda address: True)
    monkeypatch.setattr(subscriptions, "_is_outside", lambda endpoint: True)
    monkeypatch.setattr(notify, "DELAY_SECONDS", 0.0)
    with push_service(authority) as made:
        yield made


@pytest.fixture
async def phone(client: Client, nursery: trio.Nursery) -> Client:
    port = await enabled(client)
    return await connect(port, (await paired(client, port, "decide"))["token"], nursery)


async def came(service: PushService) -> Posted:
    return await trio.to_thread.run_sync(service.next)


async def listed(client: Client) -> Json:
    (device,) = (await client.call("device/list"))["devices"]
    return dict(device)


async def test_a_device_is_notified_and_what_was_answered_is_taken_back(
    client: Client, phone: Client, new_chat: NewChat, service: PushService
) -> None:
    browser = Browser(f"{service.url}/secret-path")
    key = (await phone.call("device/pushKey"))["key"]
    await phone.call("device/subscribe", **browser.subscription)
    assert (await listed(client))["notified"] is True
    muted = await new_chat(title="Silent")
    await client.call("setting/set", key="muted_chats", value=[muted.id])
    await asked_once(muted, bash("echo nothing"))
    chat = await new_chat(title="Fix it")
    turn, asked = await asked_once(chat, bash("echo secret-words"))
    first = await came(service)
    told = json.loads(browser.read(first.body))
    words = "The agent asks for permission."
    assert told == {"chatId": chat.id, "title": "Fix it", "words": words}
    assert (first.path, first.headers["content-encoding"]) == ("/secret-path", "aes128gcm")
    assert chat.id not in json.dumps(first.headers)
    assert_signed(first.headers["authorization"], key, service.url)
    await chat.decide(asked, "deny")
    last = await came(service)
    assert json.loads(browser.read(last.body))["words"] == ""
    assert last.headers["topic"] == first.headers["topic"]
    await chat.ended(turn)
    await phone.call("device/unsubscribe")
    assert not (await listed(client)).get("notified")


def assert_signed(authorization: str, key: str, audience: str) -> None:
    """By whom the page subscribed with, for this service alone."""
    token, _, named = authorization.removeprefix("vapid t=").partition(", k=")
    assert named == key
    body, _, signature = token.rpartition(".")
    raw = decoded(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(key))
    public.verify(utils.encode_dss_signature(r, s), body.encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(decoded(body.partition(".")[2]))
    assert claims["aud"] == audience


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_forgotten(
    client: Client, phone: Client, new_chat: NewChat, service: PushService, status: int
) -> None:
    service.status = status
    await phone.call("device/subscribe", **Browser(service.url).subscription)
    turn, asked = await asked_once(chat := await new_chat(), bash("touch one"))
    await came(service)
    await chat.decide(asked, "deny")
    await chat.ended(turn)
    while (await listed(client)).get("notified"):
        await trio.lowlevel.checkpoint()


async def test_the_key_is_kept_for_the_user_alone(phone: Client) -> None:
    key = (await phone.call("device/pushKey"))["key"]
    file = places.data_dir() / push_keys.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert await push_keys.PushKeys().public() == key
    assert key not in file.read_text()


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://169.254.169.254/latest",
        "https://192.168.1.1/a",
        "https://localhost/a",
        "https://router.local/a",
        "https://intranet/a",
        "https://user:password@push.example/a",
        "https://push.example:99999/a",
        "file:///etc/passwd",
        "https://push.example/" + "a" * 3000,
    ],
)
async def test_the_daemon_is_led_to_nothing_of_its_own_network(
    phone: Client, endpoint: str
) -> None:
    params = {**Browser(OUTSIDE).subscription, "endpoint": endpoint}
    refused = await phone.refused("device/subscribe", **params)
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.endpoint")


@pytest.mark.parametrize(
    "keys", [{"auth": "short"}, {"p256dh": "no point"}, {"p256dh": "ü"}, {"auth": ""}]
)
async def test_keys_that_are_none_are_refused(phone: Client, keys: dict[str, str]) -> None:
    refused = await phone.refused("device/subscribe", **{**Browser(OUTSIDE).subscription, **keys})
    assert refused.name == "InvalidParams"


async def test_device_pushKey_StoreFull(client: Client) -> None:
    (places.data_dir() / push_keys.FILE).mkdir()
    assert (await client.refused("device/pushKey")).name == "StoreFull"


async def test_device_subscribe_NotADevice(client: Client) -> None:
    params = Browser(OUTSIDE).subscription
    assert (await client.refused("device/subscribe", **params)).name == "NotADevice"


async def test_device_unsubscribe_NotADevice(client: Client) -> None:
    assert (await client.refused("device/unsubscribe")).name == "NotADevice"


async def test_device_subscribe_StoreFull(phone: Client) -> None:
    with full_disk():
        refused = await phone.refused("device/subscribe", **Browser(OUTSIDE).subscription)
    assert refused.name == "StoreFull"


async def test_device_unsubscribe_StoreFull(phone: Client) -> None:
    await phone.call("device/subscribe", **Browser(OUTSIDE).subscription)
    with full_disk():
        assert (await phone.refused("device/unsubscribe")).name == "StoreFull"
