"""Many clients of one chat: all see the same, and none that is slow is noticed by another."""

from typing import Any

import pytest
import trio

from claudetted.rpc import connection, outbox
from tests.daemon.client import PATIENCE, Client
from tests.daemon.mirror import Mirror
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home, alone

PIECE = 60_000


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client falls behind after 2 MB, not after 8 MB."""
    monkeypatch.setattr(outbox, "SOFT_BYTES", 128 * 1024)
    monkeypatch.setattr(outbox, "HARD_BYTES", 2 * 1024 * 1024)


async def speaking(puppets: Puppets, chat: Chat) -> tuple[Puppet, str]:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    return puppet, turn_id


async def says(puppet: Puppet, chat: Chat, name: str, text: str) -> None:
    """One message; returns when a client that reads has it."""
    await puppet.says("item.open", item=name, kind="message")
    await puppet.says("item.delta", item=name, text=text)
    await puppet.says("item.close", item=name)
    await chat.event("item/closed", lambda event: event["item"]["id"].endswith(f".{name}"))


async def caught_up(client: Client, mirror: Mirror, chat: Chat) -> None:
    fresh = Mirror(await chat.snapshot())

    def last() -> int:
        return max((params["seq"] for params in client.events(chat=chat.id)), default=0)

    await client.until(lambda: last() >= fresh.state.seq)
    mirror.take(client.told)
    assert mirror.picture() == fresh.picture()


async def test_ten_clients_see_the_same(daemon: Daemon, chat: Chat) -> None:
    clients = [await daemon.client() for _ in range(10)]
    mirrors = [await Mirror.of(client, chat.id) for client in clients]
    await chat.turn('@think hmm @many 300 @tool ls {"path": "."} @then @text "done"')
    for client, mirror in zip(clients, mirrors, strict=True):
        await caught_up(client, mirror, chat)
    events = [client.events() for client in clients]
    assert all(told == events[0] for told in events)
    said = ["".join(delta["text"] for delta in client.deltas()) for client in clients]
    assert said == [said[0]] * 10


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> trio.Event:
    """Who has closed a side is looked at soon; set when that was done."""
    event, is_gone = trio.Event(), connection._is_gone

    def look(stream: trio.abc.Stream) -> bool:
        event.set()
        return is_gone(stream)

    monkeypatch.setattr(connection, "_LAST_ANSWERS_SECONDS", 0.01)
    monkeypatch.setattr(connection, "_is_gone", look)
    return event


@pytest.mark.unix_only
async def test_a_client_that_writes_no_more_gets_its_answers(
    daemon: Daemon, puppets: Puppets, chat: Chat, looked: trio.Event
) -> None:
    puppet, turn_id = await speaking(puppets, chat)
    asker = await daemon.client()
    number = await asker.post("turn/wait", chatId=chat.id, turnId=turn_id)
    await asker.end_writing()
    with trio.fail_after(PATIENCE):
        await looked.wait()
    await puppet.ends_turn(turn_id)
    assert (await asker.result_of(number))["turn"]["reason"] == "done"
    await asker.gone()


async def test_a_client_that_is_gone_waits_for_nothing(
    daemon: Daemon, puppets: Puppets, chat: Chat, looked: trio.Event
) -> None:
    _, turn_id = await speaking(puppets, chat)
    asker = await daemon.client()
    await asker.post("turn/wait", chatId=chat.id, turnId=turn_id)
    await asker.close()
    await alone(chat.client)


@pytest.mark.unix_only
async def test_a_last_line_needs_no_newline(daemon: Daemon) -> None:
    client = await daemon.client()
    await client.stream.send_all(b'{"jsonrpc":"2.0","id":7,"method":"daemon/status"}')
    await client.end_writing()
    assert (await client.result_of(7))["clients"] == 1
    await client.gone()


async def test_two_clients_talk_to_one_chat(daemon: Daemon, home: Home, chat: Chat) -> None:
    other = Chat(await daemon.client(), chat.made)
    await other.call("event/subscribe")
    await chat.send('@tool bash {"command": "touch made"} @then @text one')
    (asked,) = await other.asked()
    queued = await other.send("@text two")
    await other.decide(asked, "allow")
    await chat.ended(queued)
    for one in (chat, other):
        assert await one.texts() == ["one", "two"]
        assert len(one.events("turn/ended")) == 2
        assert len(one.events("permission/resolved")) == 1


async def test_what_one_client_does_every_client_is_told(daemon: Daemon, chat: Chat) -> None:
    other = Chat(await daemon.client(), chat.made)
    await other.call("event/subscribe")
    await chat.call("chat/rename", title="Mine")
    await chat.call("chat/configure", level="full")
    await chat.call("chat/archive")
    await other.event("chat/archived")
    configured = other.events("chat/configured")
    assert configured[0]["chat"]["title"] == "Mine"
    assert configured[-1]["chat"]["level"] == "full"


async def test_a_client_that_comes_and_goes_is_not_noticed(daemon: Daemon, chat: Chat) -> None:
    turn_id = await chat.send(" @then ".join(["@many 400"] * 10))
    for _ in range(20):
        client = await daemon.client()
        await client.post("event/subscribe", chatId=chat.id)
        await client.close()
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert "".join(await chat.texts()) == "x" * 4000


# A stalled client


async def test_a_stalled_client_is_not_noticed_by_the_others(
    daemon: Daemon, puppets: Puppets, chat: Chat, little_patience: None
) -> None:
    stalled = await daemon.client(SO_RCVBUF=4096)
    await stalled.call("event/subscribe", chatId=chat.id)
    stalled.stall()
    steady = await daemon.client()
    mirror = await Mirror.of(steady, chat.id)
    puppet, turn_id = await speaking(puppets, chat)
    for n in range(100):
        await says(puppet, chat, f"m{n}", "x" * PIECE)
    await puppet.ends_turn(turn_id)
    assert (await chat.ended(turn_id))["reason"] == "done"
    await caught_up(steady, mirror, chat)
    assert len(mirror.items) == 101


async def test_a_client_that_fell_behind_resumes_without_loss_or_doubles(
    daemon: Daemon,
    puppets: Puppets,
    chat: Chat,
    little_patience: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "LAST_WORD_SECONDS", 60.0)
    slow = await daemon.client(SO_RCVBUF=4096)
    mirror = await Mirror.of(slow, chat.id)
    slow.stall()
    puppet, turn_id = await speaking(puppets, chat)
    for n in range(100):
        await says(puppet, chat, f"m{n}", f"{n:5} " * (PIECE // 6))
    slow.wake()
    await slow.gone()
    assert slow.rest == b""
    last = slow.told.pop()
    assert last["method"] == "lagging"
    assert list(last["params"]["cursors"]) == [chat.id]
    mirror.take(slow.told)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    again = await daemon.client()
    cursor = last["params"]["cursors"][chat.id]
    answer = await again.call("event/subscribe", chatId=chat.id, after=cursor)
    assert answer == {"resumed": True}
    await caught_up(again, mirror, chat)
    texts = [item.text for item in mirror.items.values() if item.kind == "message"]
    assert texts == [f"{n:5} " * (PIECE // 6) for n in range(100)]


async def test_a_client_that_stays_stalled_is_let_go(
    daemon: Daemon,
    puppets: Puppets,
    chat: Chat,
    little_patience: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "LAST_WORD_SECONDS", 0.1)
    stalled = await daemon.client(SO_RCVBUF=4096)
    await stalled.call("event/subscribe", chatId=chat.id)
    stalled.stall()
    puppet, turn_id = await speaking(puppets, chat)
    for n in range(100):
        await says(puppet, chat, f"m{n}", "x" * PIECE)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    await alone(chat.client)


async def test_a_slow_client_gets_fewer_pieces_and_all_of_the_text(
    daemon: Daemon, puppets: Puppets, chat: Chat, little_patience: None
) -> None:
    """Deltas are merged for it; it is not disconnected, however many there are."""
    slow = await daemon.client(SO_RCVBUF=4096)
    mirror = await Mirror.of(slow, chat.id)
    slow.stall()
    puppet, turn_id = await speaking(puppets, chat)
    await puppet.says("item.open", item="m1", kind="message")
    for n in range(400):
        await puppet.says("item.delta", item="m1", text=f"{n:9} " * 1000)
    await chat.said(f"{399:9} ")
    slow.wake()
    text = "".join(f"{n:9} " * 1000 for n in range(400)).encode()

    def folded() -> bool:
        fold(mirror, slow)
        return any(held == text for held in mirror.texts.values())

    await slow.until(folded)
    assert not mirror.missed
    await puppet.says("item.close", item="m1")
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    fresh = Mirror(await chat.snapshot())

    def last() -> bool:
        fold(mirror, slow)
        return mirror.state.seq >= fresh.state.seq

    await slow.until(last)
    assert mirror.picture() == fresh.picture()


def fold(mirror: Mirror, client: Client) -> None:
    told, client.told = client.told, []
    mirror.take(told)


async def test_what_a_slow_client_missed_of_a_closed_item_is_in_its_end(
    daemon: Daemon, puppets: Puppets, chat: Chat, little_patience: None
) -> None:
    slow = await daemon.client(SO_RCVBUF=4096)
    mirror = await Mirror.of(slow, chat.id)
    slow.stall()
    puppet, turn_id = await speaking(puppets, chat)
    for name in ("m1", "m2"):
        await puppet.says("item.open", item=name, kind="message")
        for n in range(200):
            await puppet.says("item.delta", item=name, text=f"{n:9} " * 200)
        await puppet.says("item.close", item=name)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    slow.wake()
    fresh = Mirror(await chat.snapshot())

    def last() -> bool:
        fold(mirror, slow)
        return mirror.state.seq >= fresh.state.seq

    await slow.until(last)
    assert mirror.picture() == fresh.picture()
    assert {key: mirror.items[key] for key in fresh.items} == fresh.items


async def test_a_client_that_reads_nothing_may_still_be_answered_later(
    daemon: Daemon, chat: Chat
) -> None:
    """Answers are never dropped: only what a subscription tells is bounded."""
    await chat.turn("@big 200000")
    (item,) = await chat.items("message")
    slow = await daemon.client(SO_RCVBUF=4096)
    slow.stall()
    posted: list[Any] = [
        await slow.post("item/get", chatId=chat.id, itemId=item["id"]) for _ in range(20)
    ]
    slow.wake()
    for number in posted:
        assert (await slow.result_of(number))["text"] == "x" * 200_000
