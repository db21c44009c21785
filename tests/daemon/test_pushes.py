"""Notifications by ntfy and webhook: what they say, when they are taken back, and when there is
none."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import trio

from claudetted.daemon import notify, push
from tests.daemon.calls import asked_once, bash
from tests.daemon.client import PATIENCE, Client
from tests.daemon.conftest import NewChat
from tests.daemon.remote import connect, enabled, paired
from tests.daemon.world import Chat, Daemon


class Mailbox:
    """A server of ntfy, and of webhooks: what is posted to it, in order."""

    def __init__(self) -> None:
        self.send, self._posted = trio.open_memory_channel[tuple[str, Any]](100)
        token = trio.lowlevel.current_trio_token()
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                # Before the answer, upon which the next one may be posted.
                token.run_sync_soon(box.send.send_nowait, (self.path, json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self.server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    async def next(self) -> tuple[str, Any]:
        with trio.fail_after(PATIENCE):
            return await self._posted.receive()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
async def mailbox() -> Any:
    made = Mailbox()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "DELAY_SECONDS", 0.0)


async def configure(client: Client, **settings: Any) -> None:
    for key, value in settings.items():
        await client.call("setting/set", key=key, value=value)


async def test_a_chat_that_waits_is_told_with_a_link_and_taken_back(
    client: Client, new_chat: NewChat, mailbox: Mailbox
) -> None:
    port = await enabled(client)
    hook = f"{mailbox.url}/hook?token=abc"
    await configure(client, notification_ntfy=f"{mailbox.url}/topic", notification_webhook=hook)
    chat = await new_chat(title="Fix it")
    turn, asked = await asked_once(chat, bash("echo secret-words"))
    link = f"http://127.0.0.1:{port}/#/chat/{chat.id}"
    (_, message), (path, told) = await mailbox.next(), await mailbox.next()
    assert (message["topic"], message["title"], message["click"]) == ("topic", "Fix it", link)
    assert path == "/hook?token=abc"
    wanted = {"kind": "raised", "chatId": chat.id, "title": "Fix it", "why": ["permission"]}
    assert told == {**wanted, "link": link}
    assert "secret-words" not in json.dumps([message, told])
    await chat.decide(asked, "deny")
    (_, message), (_, told) = await mailbox.next(), await mailbox.next()
    assert (message["priority"], told["kind"]) == (1, "withdrawn")
    await chat.ended(turn)


async def test_who_may_not_administer_does_not_see_the_address(
    client: Client, nursery: trio.Nursery
) -> None:
    hook = "https://hooks.example/T0/secret"
    await configure(client, notification_webhook=hook)
    port = await enabled(client)
    guest = await connect(port, (await paired(client, port, "configure"))["token"], nursery)
    shown = await guest.call("setting/get", key="notification_webhook")
    assert shown["setting"]["value"] == "(set)"
    assert "secret" not in json.dumps(await guest.call("setting/list"))
    assert (await client.call("setting/get", key="notification_webhook"))["setting"][
        "value"
    ] == hook


@pytest.mark.parametrize("how", ["quiet_hours", "muted_chats", "off"])
async def test_some_are_not_told(
    daemon: Daemon,
    client: Client,
    new_chat: NewChat,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    await configure(client, notification_webhook=f"{mailbox.url}/hook")
    silent, loud = await new_chat(), await new_chat()
    if how == "off":
        await configure(client, notification="off")
    elif how == "muted_chats":
        await configure(client, muted_chats=[silent.id])
    else:
        monkeypatch.setattr(notify, "is_quiet", lambda hours, now: hours == "01:00-02:00")
        await configure(client, quiet_hours="01:00-02:00")
    await unwatched(silent)
    await configure(client, notification=None, muted_chats=None, quiet_hours=None)
    await unwatched(loud)
    assert (await mailbox.next())[1]["chatId"] == loud.id


async def unwatched(chat: Chat) -> None:
    """A turn that ends while nobody follows the chat; returns when it would have been told."""
    await chat.call("event/unsubscribe")
    await chat.turn("@text done")
    for _ in range(20):
        await chat.get()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("notification_ntfy", "ntfy.sh/topic"),
        ("notification_ntfy", "https://ntfy.sh/"),
        ("notification_webhook", "file:///etc/passwd"),
        ("quiet_hours", "22-7"),
        ("quiet_hours", "25:00-07:00"),
    ],
)
async def test_what_makes_no_sense_is_refused(client: Client, key: str, value: str) -> None:
    assert (await client.refused("setting/set", key=key, value=value)).name == "InvalidParams"


async def test_a_server_that_is_not_there_is_nobodys_trouble(
    client: Client, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = trio.Event()
    warning = push.logger.warning
    monkeypatch.setattr(push.logger, "warning", lambda *a: (warning(*a), failed.set()))
    await configure(client, notification_webhook="http://127.0.0.1:9/hook")
    turn, asked = await asked_once(chat, bash("touch one"))
    with trio.fail_after(PATIENCE):
        await failed.wait()
    await chat.decide(asked, "deny")
    assert (await chat.ended(turn))["reason"] == "done"
