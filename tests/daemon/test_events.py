"""Subscriptions: a snapshot and the tail, what came after a cursor, the feed of all chats."""

from typing import Any

import pytest

from claudetted.rpc import outbox
from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.mirror import Mirror
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home

BIG = 60_000
PROMPTS = [
    "plain text",
    "@think hmm @text so @then @text and so",
    '@tool ls {"path": "."} @tool read {"path": "."} @then @text done',
    "@retry @text fine",
    "@overflow-compact @text fine",
    "@text fine @late-compact",
    "@text fine @late-output",
    "@fail It broke.",
    "@many 500",
    "@big 200000",
    "@text half @die 3",
]


async def same_picture(mirror: Mirror, client: Client, chat: Chat) -> None:
    """What a client made of its subscription is what a new client is told."""
    fresh = Mirror(await chat.snapshot())
    await caught_up(client, fresh)
    mirror.take(client.told)
    assert mirror.picture() == fresh.picture()
    assert {key: mirror.items[key] for key in fresh.items} == fresh.items


async def caught_up(client: Client, fresh: Mirror) -> None:
    def last() -> int:
        return max((params["seq"] for params in client.events(chat=fresh.chat)), default=0)

    await client.until(lambda: last() >= fresh.state.seq)


async def resumed(client: Client, chat: Chat, cursor: str) -> Any:
    return await client.call("event/subscribe", chatId=chat.id, after=cursor)


# Snapshot and tail


@pytest.mark.parametrize("prompt", PROMPTS)
async def test_what_a_client_folds_is_what_the_daemon_has(
    daemon: Daemon, new_chat: NewChat, prompt: str
) -> None:
    chat = await new_chat(level="full")
    client = await daemon.client()
    mirror = await Mirror.of(client, chat.id)
    await chat.turn(prompt)
    await chat.turn("@text the end")
    await same_picture(mirror, client, chat)
    assert not mirror.missed


async def test_the_snapshot_comes_before_its_events(home: Home, daemon: Daemon, chat: Chat) -> None:
    await chat.send("@many 20000 @hold door")
    clients: list[tuple[Client, int]] = []
    for _ in range(5):
        client = await daemon.client()
        number = await client.post("event/subscribe", chatId=chat.id)
        snapshot = (await client.result_of(number))["snapshot"]
        assert client.told_before[number] == 0
        clients.append((client, snapshot["seq"] + 1))
    home.gates.release("door")
    await chat.ended()
    for client, first in clients:
        await client.until(client.events)
        assert client.events()[0]["seq"] == first


async def test_subscribing_in_mid_stream_misses_and_doubles_nothing(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    turn_id = await chat.send(
        "@many 3000 @then @text second @hold door @then @many 3000 @then @text last"
    )
    clients: list[tuple[Client, Mirror]] = []
    while not chat.events("turn/ended"):
        client = await daemon.client()
        clients.append((client, await Mirror.of(client, chat.id)))
        if len(clients) == 2:
            # A machine that stalls may have the rest over before anybody else subscribes.
            home.gates.release("door")
        if len(clients) == 40:
            break
    await chat.ended(turn_id)
    assert len(clients) > 1
    for client, mirror in clients:
        if client.told:
            await same_picture(mirror, client, chat)


async def test_an_open_item_comes_with_its_text_so_far(
    home: Home, daemon: Daemon, chat: Chat
) -> None:
    await chat.send('@text "so far" @hold door @text " and on"')
    await home.gates.held("door")
    await chat.said("so far")
    client = await daemon.client()
    mirror = await Mirror.of(client, chat.id)
    assert list(mirror.texts.values()) == [b"so far"]
    home.gates.release("door")
    await chat.ended()
    await same_picture(mirror, client, chat)
    assert client.deltas()[0]["offset"] == len("so far")


async def test_subscribing_again_does_not_double(daemon: Daemon, chat: Chat) -> None:
    client = await daemon.client()
    for _ in range(3):
        mirror = await Mirror.of(client, chat.id)
    await chat.turn("@text hi")
    await same_picture(mirror, client, chat)


async def test_a_subscriber_of_two_chats_gets_both(daemon: Daemon, new_chat: NewChat) -> None:
    one, other = await new_chat(), await new_chat()
    client = await daemon.client()
    mirrors = [(chat, await Mirror.of(client, chat.id)) for chat in (one, other)]
    await one.send("@many 200 @text one")
    await other.send("@many 200 @text other")
    for chat, mirror in mirrors:
        await chat.ended()
        await same_picture(mirror, client, chat)


async def test_event_subscribe_ChatNotFound(client: Client) -> None:
    for after in ({}, {"after": "x.1"}):
        refused = await client.refused("event/subscribe", chatId="x", **after)
        assert refused.name == "ChatNotFound"


async def test_a_subscription_to_nothing_is_refused(client: Client) -> None:
    refused = await client.refused("event/subscribe")
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.chatId")


# After a cursor


async def test_a_cursor_leads_to_what_came_after_it(daemon: Daemon, chat: Chat) -> None:
    await chat.turn("@text one")
    leaving = await daemon.client()
    mirror = await Mirror.of(leaving, chat.id)
    await leaving.close()
    await chat.turn("@text two")
    client = await daemon.client()
    assert await resumed(client, chat, mirror.cursor) == {"resumed": True}
    await chat.turn("@text three")
    await same_picture(mirror, client, chat)


async def test_a_cursor_serves_again_and_again(daemon: Daemon, chat: Chat) -> None:
    mirror = Mirror(await chat.snapshot())
    await chat.turn("@text one")
    for _ in range(3):
        client = await daemon.client()
        await resumed(client, chat, mirror.cursor)
        again = Mirror(await chat.snapshot())
        await caught_up(client, again)
        assert [params["seq"] for params in client.events()] == list(
            range(mirror.state.seq + 1, again.state.seq + 1)
        )


async def test_a_cursor_at_the_end_leads_to_nothing_old(daemon: Daemon, chat: Chat) -> None:
    await chat.turn("@text one")
    mirror = Mirror(await chat.snapshot())
    client = await daemon.client()
    await resumed(client, chat, mirror.cursor)
    await chat.call("chat/rename", title="changed")
    await same_picture(mirror, client, chat)
    assert len(client.events()) == 1


async def test_a_cursor_outlives_the_daemon(daemon: Daemon, home: Home, chat: Chat) -> None:
    turn_id = await chat.send('@text "before it" @hold door @text " and after"')
    await home.gates.held("door")
    await chat.said("before it")
    mirror = Mirror(await chat.snapshot())
    await daemon.restart()
    client = await daemon.client()
    assert await resumed(client, chat, mirror.cursor) == {"resumed": True}
    home.gates.release("door")
    again = Chat(client, chat.made)
    await again.ended(turn_id)
    other = Chat(await daemon.client(), chat.made)
    await same_picture(mirror, client, other)
    assert await again.texts() == ["before it and after"]
    assert client.deltas()[0] == {
        "chatId": chat.id,
        "itemId": client.deltas()[0]["itemId"],
        "offset": 0,
        "text": client.deltas()[0]["text"],
    }


async def test_open_items_follow_a_resumption_from_their_beginning(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    cursor = (await chat.snapshot())["cursor"]
    await chat.send('@think "let me see" @text "so far" @hold door')
    await home.gates.held("door")
    await chat.said("so far")
    client = await daemon.client()
    await resumed(client, chat, cursor)
    await client.until(client.deltas)
    (delta,) = client.deltas()
    assert (delta["offset"], delta["text"]) == (0, "so far")


async def test_resuming_in_mid_stream_misses_and_doubles_nothing(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    mirrors: list[tuple[Client, Mirror]] = []
    rounds = ["@many 300 @text word"] * 6
    turn_id = await chat.send(" @then ".join([*rounds, "@hold door", *rounds]))
    while not chat.events("turn/ended") and len(mirrors) < 25:
        client = await daemon.client()
        mirror = await Mirror.of(client, chat.id)
        await client.close()
        client = await daemon.client()
        if (await resumed(client, chat, mirror.cursor)).get("resumed"):
            mirrors.append((client, mirror))
            home.gates.release("door")
    await chat.ended(turn_id)
    await chat.call("chat/rename", title="the end")
    assert mirrors
    for client, mirror in mirrors:
        await same_picture(mirror, client, chat)


async def test_a_long_history_is_resumed_at_the_clients_pace(
    puppets: Puppets, daemon: Daemon, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a client is ever let fall behind."""
    monkeypatch.setattr(outbox, "HARD_BYTES", 2 * 1024 * 1024)
    mirror = Mirror(await chat.snapshot())
    # Who follows it live has the pace of the agent, and is let go when it cannot keep it.
    await chat.call("event/unsubscribe")
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    for n in range(70):
        tool = {"name": "write", "input": {"content": "y" * BIG}, "diff": "+" * BIG}
        await puppet.says("item.open", item=f"t{n}", kind="tool", tool={"name": "write"})
        await puppet.says("item.close", item=f"t{n}", text=f"{n:4}" * (BIG // 4), tool=tool)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    client = await daemon.client()
    await resumed(client, chat, mirror.cursor)
    await same_picture(mirror, client, chat)
    assert len(mirror.items) == 71


async def test_a_cursor_beyond_the_end_gets_a_snapshot_and_is_told_why(
    daemon: Daemon, chat: Chat
) -> None:
    journal, _, seq = (await chat.snapshot())["cursor"].rpartition(".")
    numbers = (str(int(seq) + 1), "x", "²", "-1", "9" * 5000)
    wrong = [f"{journal}.{number}" for number in numbers]
    for cursor in (*wrong, f"other.{seq}", "nonsense", "."):
        client = await daemon.client()
        answer = await resumed(client, chat, cursor)
        assert answer["snapshot"]["seq"] == int(seq)
        assert answer["note"]
        assert not answer.get("resumed")


# event/unsubscribe


async def test_after_unsubscribing_nothing_comes(daemon: Daemon, chat: Chat) -> None:
    client = await daemon.client()
    await Mirror.of(client, chat.id)
    await client.call("event/unsubscribe", chatId=chat.id)
    before = len(client.told)
    await chat.turn("@text hi")
    await client.call("daemon/status")
    assert len(client.told) == before


async def test_unsubscribing_while_it_catches_up_ends_it(daemon: Daemon, chat: Chat) -> None:
    cursor = (await chat.snapshot())["cursor"]
    for _ in range(3):
        await chat.turn("@text hi")
    client = await daemon.client()
    posted = [
        await client.post("event/subscribe", chatId=chat.id, after=cursor),
        await client.post("event/unsubscribe", chatId=chat.id),
    ]
    for number in posted:
        await client.result_of(number)
    before = len(client.told)
    await chat.turn("@text later")
    await client.call("daemon/status")
    assert len(client.told) == before


async def test_event_unsubscribe_SubscriptionNotFound(chat: Chat, daemon: Daemon) -> None:
    client = await daemon.client()
    for params in ({"chatId": chat.id}, {"chatId": "nothing"}, {"all": True}, {}):
        refused = await client.refused("event/unsubscribe", **params)
        assert refused.name == "SubscriptionNotFound"


# The feed of all chats


def fed(client: Client, subject: str) -> list[Any]:
    return [
        frame["params"]
        for frame in client.told
        if frame["method"] == "feed" and frame["params"]["subject"] == subject
    ]


async def test_the_feed_begins_with_what_is_going_on(daemon: Daemon, new_chat: NewChat) -> None:
    quiet, busy = await new_chat(), await new_chat()
    await busy.send('@tool bash {"command": "touch made"}')
    (asked,) = await busy.asked()
    client = await daemon.client()
    answer = await client.call("event/subscribe", all=True)
    assert [chat["id"] for chat in answer["chats"]] == [busy.id]
    assert answer["permissions"] == [asked]
    assert quiet.id != busy.id


async def test_the_feed_tells_of_chats_and_permissions_and_not_of_items(
    daemon: Daemon, client: Client, home: Home
) -> None:
    follower = await daemon.client()
    await follower.call("event/subscribe", all=True)
    made = (await client.call("chat/create", cwd=str(home.work)))["chat"]
    chat = Chat(client, made)
    await chat.call("event/subscribe")
    await chat.send('@tool bash {"command": "touch made"}')
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny")
    await chat.ended()
    await chat.call("chat/delete")
    await follower.until(lambda: fed(follower, "deleted"))
    names = [feed["chat"]["status"]["name"] for feed in fed(follower, "chat")]
    assert names[0] == "idle"
    assert {"running", "waiting"} <= set(names)
    opened, resolved = fed(follower, "permission")
    assert opened["permission"] == asked
    assert (resolved["permissionId"], resolved["resolution"]["outcome"]) == (asked["id"], "deny")
    assert {frame["method"] for frame in follower.told} == {"feed"}


async def test_the_feed_ends_when_it_is_left(daemon: Daemon, chat: Chat) -> None:
    follower = await daemon.client()
    await follower.call("event/subscribe", all=True)
    await follower.call("event/unsubscribe", all=True)
    before = len(follower.told)
    await chat.turn("@text hi")
    await follower.call("daemon/status")
    assert len(follower.told) == before


async def test_following_twice_tells_once(daemon: Daemon, chat: Chat) -> None:
    follower = await daemon.client()
    for _ in range(2):
        await follower.call("event/subscribe", all=True)
    await chat.call("chat/rename", title="once")
    await follower.until(lambda: fed(follower, "chat"))
    await follower.call("daemon/status")
    assert len(fed(follower, "chat")) == 1
