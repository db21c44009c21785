"""The queue: listed, edited, emptied, resumed; nothing in it is lost or sent twice."""

import pytest

from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk

BUSY = "@hold door"


@pytest.fixture
async def busy(home: Home, chat: Chat) -> Chat:
    """A chat whose turn ends when the test opens the door."""
    await chat.send(BUSY)
    await home.gates.held("door")
    # The last that is told of a start.
    await chat.event("context/changed")
    return chat


async def listed(chat: Chat) -> list[str]:
    return [entry["text"] for entry in (await chat.call("queue/list")).get("entries", [])]


async def test_an_empty_queue_is_empty(chat: Chat) -> None:
    assert await chat.call("queue/list") == {}


async def test_what_waits_is_listed_with_the_next_first(home: Home, busy: Chat) -> None:
    for text in ("@text two", "@text three"):
        await busy.send(text)
    assert await listed(busy) == ["@text two", "@text three"]
    assert (await busy.get())["queueLength"] == 2
    home.gates.release("door")
    await busy.ended()
    assert await listed(busy) == []
    assert (await busy.get()).get("queueLength", 0) == 0


async def test_every_change_of_the_queue_is_told(daemon: Daemon, home: Home, busy: Chat) -> None:
    other = Chat(await daemon.client(), busy.made)
    await other.call("event/subscribe")
    turn_id = await busy.send("@text two")
    await busy.call("queue/edit", turnId=turn_id, text="@text changed")
    await busy.call("queue/remove", turnId=turn_id)
    told = await other.client.until(
        lambda: len(other.events("queue/changed")) == 3 and other.events("queue/changed")
    )
    texts = [[entry["text"] for entry in event.get("entries", [])] for event in told]
    assert texts == [["@text two"], ["@text changed"], []]


async def test_an_edited_message_is_sent_as_it_is_last(home: Home, busy: Chat) -> None:
    one, two = await busy.send("@text one"), await busy.send("@text two")
    result = await busy.call("queue/edit", turnId=one, text="@text first " + "é" * 2000)
    assert [entry["turnId"] for entry in result["entries"]] == [one, two]
    assert result["entries"][0]["text"].endswith("é")
    assert result["entries"][0]["textBytes"] == len(b"@text first ") + 4000
    home.gates.release("door")
    await busy.ended(two)
    assert await busy.texts() == ["first " + "é" * 2000, "two"]


async def test_a_turn_tells_when_and_how_its_message_was_sent(home: Home, busy: Chat) -> None:
    sent = [await busy.send(f"@text {n}", when="queue") for n in ("one", "two")]
    result = await busy.call("queue/edit", turnId=sent[0], text="@text other")
    times = [entry["at"] for entry in result["entries"]]
    await busy.call("queue/remove", turnId=sent[1])
    home.gates.release("door")
    turns = [await busy.ended(turn_id) for turn_id in sent]
    assert [(turn["when"], turn["queuedAt"]) for turn in turns] == [("queue", at) for at in times]


async def test_a_removed_message_is_never_sent(home: Home, busy: Chat) -> None:
    one, two, three = [await busy.send(f"@text {n}") for n in ("one", "two", "three")]
    result = await busy.call("queue/remove", turnId=two)
    assert [entry["turnId"] for entry in result["entries"]] == [one, three]
    home.gates.release("door")
    await busy.ended(three)
    assert await busy.texts() == ["one", "three"]
    assert (await busy.ended(two))["state"] == "removed"


async def test_a_paused_queue_goes_on_when_resumed(home: Home, busy: Chat) -> None:
    one, two = await busy.send("@text one"), await busy.send("@text two")
    await busy.call("turn/stop")
    assert (await busy.call("queue/list"))["paused"] is True
    result = await busy.call("queue/resume")
    assert not result.get("paused")
    assert [entry["turnId"] for entry in result["entries"]] == [two]
    await busy.ended(two)
    assert (await busy.ended(one))["reason"] == "done"
    assert await busy.texts() == ["one", "two"]


async def test_resuming_what_is_not_paused_changes_nothing(home: Home, busy: Chat) -> None:
    one = await busy.send("@text one")
    before = busy.kinds()
    result = await busy.call("queue/resume")
    assert [entry["turnId"] for entry in result["entries"]] == [one]
    assert busy.kinds() == before
    home.gates.release("door")
    await busy.ended(one)


async def test_a_message_to_a_paused_chat_is_sent_and_lets_the_rest_go_on(
    home: Home, busy: Chat
) -> None:
    """A paused queue waits for `turn/send`, `turn/retry` or `queue/resume`."""
    await busy.send("@text one")
    await busy.call("turn/stop")
    now = await busy.send("@text now")
    assert (await busy.ended(now))["reason"] == "done"
    assert "now" in await busy.texts()


async def test_the_queue_outlives_the_daemon(daemon: Daemon, home: Home, busy: Chat) -> None:
    texts = ["@text one", "@text " + "é" * 3000]
    turns = [await busy.send(text) for text in texts]
    await daemon.restart()
    again = Chat(await daemon.client(), busy.made)
    assert await listed(again) == texts
    home.gates.release("door")
    await again.ended(turns[-1])
    assert await again.texts() == ["one", "é" * 3000]
    users = await again.texts("user")
    assert users == [BUSY, *texts]


async def test_a_paused_queue_is_paused_after_a_restart(daemon: Daemon, busy: Chat) -> None:
    one = await busy.send("@text one")
    await busy.call("turn/stop")
    await daemon.restart()
    again = Chat(await daemon.client(), busy.made)
    assert (await again.call("queue/list"))["paused"] is True
    await again.call("queue/resume")
    assert (await again.ended(one))["reason"] == "done"


async def test_a_hundred_messages_are_sent_once_and_in_order(
    puppets: Puppets, daemon: Daemon, chat: Chat
) -> None:
    first = await chat.send("0")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    clients = [chat.client, *[await daemon.client() for _ in range(4)]]
    posted = [
        (client, await client.post("turn/send", chatId=chat.id, text=f"{n}"))
        for n in range(1, 21)
        for client in clients
    ]
    sent = [(await client.result_of(number))["turnId"] for client, number in posted]
    assert len(set(sent)) == 100
    expected = [entry["turnId"] for entry in (await chat.call("queue/list"))["entries"]]
    assert sorted(expected) == sorted(sent)
    running = first
    for turn_id in expected:
        await puppet.ends_turn(running)
        prompt = await puppet.takes_prompt()
        assert prompt["turn"] == turn_id
        running = turn_id
    await puppet.ends_turn(running)
    await chat.ended(running)
    assert len(chat.events("turn/started")) == len(chat.events("turn/ended")) == 101


async def test_queue_list_ChatNotFound(client: Client) -> None:
    assert (await client.refused("queue/list", chatId="x")).name == "ChatNotFound"


async def test_queue_edit_ChatNotFound(client: Client) -> None:
    refused = await client.refused("queue/edit", chatId="x", turnId="y", text="z")
    assert refused.name == "ChatNotFound"


async def test_queue_edit_QueueEntryNotFound(home: Home, busy: Chat) -> None:
    one = await busy.send("@text one")
    home.gates.release("door")
    await busy.ended(one)
    refused = await busy.refused("queue/edit", turnId=one, text="@text late")
    assert (refused.name, refused.data["turnId"]) == ("QueueEntryNotFound", one)
    assert await busy.texts() == ["one"]


async def test_queue_edit_StoreFull(home: Home, busy: Chat) -> None:
    one = await busy.send("@text one")
    with full_disk():
        refused = await busy.refused("queue/edit", turnId=one, text="@text other")
    assert refused.name == "StoreFull"
    assert await listed(busy) == ["@text one"]
    home.gates.release("door")
    await busy.ended(one)
    assert await busy.texts() == ["one"]


async def test_queue_remove_ChatNotFound(client: Client) -> None:
    assert (await client.refused("queue/remove", chatId="x", turnId="y")).name == "ChatNotFound"


async def test_queue_remove_QueueEntryNotFound(busy: Chat) -> None:
    running = (await busy.snapshot())["turn"]["id"]
    assert (await busy.refused("queue/remove", turnId=running)).name == "QueueEntryNotFound"


async def test_queue_remove_StoreFull(home: Home, busy: Chat) -> None:
    one = await busy.send("@text one")
    with full_disk():
        assert (await busy.refused("queue/remove", turnId=one)).name == "StoreFull"
    assert await listed(busy) == ["@text one"]


async def test_queue_resume_ChatNotFound(client: Client) -> None:
    assert (await client.refused("queue/resume", chatId="x")).name == "ChatNotFound"


async def test_queue_resume_StoreFull(busy: Chat) -> None:
    one = await busy.send("@text one")
    await busy.call("turn/stop")
    with full_disk():
        assert (await busy.refused("queue/resume")).name == "StoreFull"
    assert (await busy.call("queue/list"))["paused"] is True
    await busy.call("queue/resume")
    assert (await busy.ended(one))["reason"] == "done"


async def test_the_queues_of_two_chats_are_apart(home: Home, new_chat: NewChat) -> None:
    one, other = await new_chat(), await new_chat()
    for chat in (one, other):
        await chat.send(BUSY)
    await home.gates.held("door")
    queued = await one.send("@text mine")
    assert (await other.refused("queue/remove", turnId=queued)).name == "QueueEntryNotFound"
    home.gates.release("door")
    assert (await one.ended(queued))["reason"] == "done"
