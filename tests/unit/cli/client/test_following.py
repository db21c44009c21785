"""Following a chat across connections loses nothing and doubles nothing."""

from typing import Any

import pytest

from claudette_cli.client import finding, following as module
from claudette_cli.client.fold import Fold
from claudette_cli.client.following import Following
from claudette_cli.exits import NO_DAEMON, Failure
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import FakeDaemon, Json, Line

CHAT = {"id": "c"}


def snapshot(**parts: Any) -> Json:
    return {"snapshot": {"chat": CHAT, "seq": 1, "cursor": "j.1", **parts}}


def added(line: Line, seq: int, chat: str = "c") -> None:
    item = {"id": f"i{seq}", "kind": "user", "status": "done", "text": str(seq)}
    event = {"type": "item/added", "item": item}
    line.tell("event", chatId=chat, seq=seq, at="", event=event)


def taken_until(following: Following, seq: int) -> Fold:
    while following.fold.seq < seq:
        following.take()
    return following.fold


class Chat:
    """Plays `event/subscribe`: a snapshot first, then what was missed."""

    def __init__(self) -> None:
        self.line: Line | None = None
        self.last = 1

    def subscribe(self, params: Json, line: Line) -> Json | None:
        self.line = line
        if "after" not in params:
            return snapshot()
        # Held back until the reply is out, as the daemon does it.
        line.send({"jsonrpc": "2.0", "id": 2, "result": {"resumed": True}})
        for seq in range(1, self.last + 1):
            added(line, seq)
        return None

    def tell(self) -> None:
        assert self.line
        self.last += 1
        added(self.line, self.last)


@pytest.fixture
def chat() -> Chat:
    return Chat()


def test_it_follows(fake: Fake, chat: Chat) -> None:
    fake(event_subscribe=chat.subscribe)
    with Following("c") as following:
        assert following.take() == [("snapshot", "")]
        chat.tell()
        assert [item["id"] for item in taken_until(following, 2).items] == ["i2"]


def test_other_chats_are_nothing_to_it(fake: Fake, chat: Chat) -> None:
    fake(event_subscribe=chat.subscribe)
    with Following("c") as following:
        following.take()
        assert chat.line
        added(chat.line, 2, chat="other")
        assert following.take() == []


def test_after_a_lost_connection_it_resumes_where_it_was(fake: Fake, chat: Chat) -> None:
    daemon = fake(event_subscribe=chat.subscribe)
    with Following("c") as following:
        following.take()
        chat.tell()
        taken_until(following, 2)
        assert chat.line
        chat.line.hang_up()
        chat.last = 4
        assert following.take() == [("disconnected", None)]
        assert following.take() == [("resumed", None)]
        fold = taken_until(following, 4)
    assert [item["id"] for item in fold.items] == ["i2", "i3", "i4"]
    assert daemon.called("event/subscribe")[-1] == {"chatId": "c", "after": "j.2"}


def test_a_client_that_lagged_resumes(fake: Fake, chat: Chat) -> None:
    fake(event_subscribe=chat.subscribe)
    with Following("c") as following:
        following.take()
        assert chat.line
        chat.line.tell("lagging", cursors={"c": "j.1"})
        assert following.take() == [("disconnected", None)]
        assert following.take() == [("resumed", None)]


def test_a_missing_piece_of_an_open_item_is_read(fake: Fake) -> None:
    text = "0123456789"
    opened = {"id": "m", "kind": "message", "status": "open", "text": "01", "textBytes": 10}

    def get(params: Json) -> Json:
        piece = text[params["offset"] :][:3]
        return {"text": piece, "offset": params["offset"], "total": 10}

    fake(event_subscribe=lambda params: snapshot(open=[opened]), item_get=get)
    with Following("c") as following:
        following.take()
        assert following.fold.open["m"]["text"] == text
        assert following.fold.gaps == set()


def test_everything_published_until_now_can_be_had_without_waiting(fake: Fake) -> None:
    def get(params: Json, line: Line) -> Json:
        added(line, 2)
        return {"chat": CHAT}

    fake(event_subscribe=lambda params: snapshot(), chat_get=get)
    with Following("c") as following:
        following.take()
        assert [name for name, _ in following.catch_up()] == ["item/added"]


def test_a_daemon_that_was_shut_down_is_not_started_again(
    fake: Fake, chat: Chat, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RESTART_SECONDS", 0.05)
    daemon: FakeDaemon = fake(event_subscribe=chat.subscribe)
    with Following("c") as following:
        following.take()
        (data / "claudetted.lock").write_text("{}")
        assert chat.line
        chat.line.hang_up()
        following.take()
        with pytest.raises(Failure, match="claudette attach c") as failed:
            following.take()
    assert failed.value.code == NO_DAEMON
    assert len(daemon.called("event/subscribe")) == 1


def test_a_daemon_on_another_machine_is_looked_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    back = object()
    found = iter([None, None, back])
    monkeypatch.setenv("CLAUDETTE_HOST", "ssh://box")
    monkeypatch.setattr(finding, "running", lambda: next(found))
    monkeypatch.setattr(module, "RESTART_SECONDS", -1.0)
    monkeypatch.setattr(module, "_PAUSE_AWAY", 0.0)
    assert module.replacement("claudette top") is back


def test_what_the_daemon_says_can_be_tapped(fake: Fake, chat: Chat) -> None:
    fake(event_subscribe=chat.subscribe)
    heard: list[Json] = []
    with Following("c", heard.append) as following:
        following.take()
        chat.tell()
        following.take()
    assert heard[0] == snapshot()
    assert heard[1]["method"] == "event"
