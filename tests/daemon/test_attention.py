"""Attention: raised when a chat needs a person, cleared for everybody at once."""

from tests.daemon.calls import asked_once, bash
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home, full_disk


async def needing(client: Client) -> dict[str, list[str]]:
    """The chats that need a person, and why."""
    chats = (await client.call("attention/list")).get("chats", [])
    return {chat["id"]: chat["attention"] for chat in chats}


async def unwatched_turn(daemon: Daemon, chat: Chat, prompt: str) -> Json:
    """A turn that ends while nobody follows the chat."""
    await chat.call("event/unsubscribe")
    other = Chat(await daemon.client(), chat.made)
    return await other.turn(prompt)


async def test_nobody_is_needed_at_first(chat: Chat) -> None:
    await chat.turn("@text watched")
    assert await needing(chat.client) == {}
    assert (await chat.get()).get("attention", []) == []


async def test_a_request_needs_a_person_until_it_is_decided(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    await chat.event("attention/raised")
    assert await needing(chat.client) == {chat.id: ["permission"]}
    await chat.decide(asked, "allow")
    await chat.ended(turn)
    assert await needing(chat.client) == {}
    assert [event["why"] for event in chat.events("attention/cleared")] == ["permission"]


async def test_two_requests_need_a_person_until_both_are_decided(chat: Chat) -> None:
    turn = await chat.send(f"{bash('touch one')} {bash('touch two')}")
    first, second = await chat.asked(2)
    await chat.decide(first, "allow")
    assert await needing(chat.client) == {chat.id: ["permission"]}
    await chat.decide(second, "allow")
    await chat.ended(turn)
    assert await needing(chat.client) == {}
    assert len(chat.events("attention/raised")) == len(chat.events("attention/cleared")) == 1


async def test_a_turn_that_ended_unseen_needs_a_person(daemon: Daemon, chat: Chat) -> None:
    await unwatched_turn(daemon, chat, "@text unseen")
    assert await needing(chat.client) == {chat.id: ["ended"]}


async def test_a_turn_that_failed_unseen_needs_a_person(daemon: Daemon, chat: Chat) -> None:
    await unwatched_turn(daemon, chat, "@fail It broke.")
    assert await needing(chat.client) == {chat.id: ["failed"]}


async def test_a_chat_whose_agent_died_unseen_needs_a_person(daemon: Daemon, chat: Chat) -> None:
    await unwatched_turn(daemon, chat, "@die 3")
    assert await needing(chat.client) == {chat.id: ["failed"]}


async def test_a_turn_that_a_person_stopped_needs_nobody(
    daemon: Daemon, chat: Chat, home: Home
) -> None:
    await chat.call("event/unsubscribe")
    turn = await chat.send("@hold door")
    await home.gates.held("door")
    await chat.call("turn/stop")
    assert (await chat.ended(turn))["reason"] == "stopped"
    assert await needing(chat.client) == {}


async def test_the_next_message_shows_that_the_last_end_was_seen(
    daemon: Daemon, chat: Chat
) -> None:
    await unwatched_turn(daemon, chat, "@text unseen")
    await chat.call("event/subscribe")
    await chat.turn("@text seen")
    assert await needing(chat.client) == {}


async def test_a_stop_withdraws_the_request_and_needs_nobody(chat: Chat) -> None:
    turn, _asked = await asked_once(chat, bash("touch one"))
    await chat.call("turn/stop")
    await chat.ended(turn)
    assert await needing(chat.client) == {}


# attention/clear


async def test_bug_53_what_one_client_has_seen_is_seen_for_all(daemon: Daemon, chat: Chat) -> None:
    await unwatched_turn(daemon, chat, "@text unseen")
    one, other = await daemon.client(), await daemon.client()
    for client in (one, other):
        await client.call("event/subscribe", chatId=chat.id)
    answer = await one.call("attention/clear", chatId=chat.id)
    assert answer["chat"].get("attention", []) == []
    for client in (one, other):
        await client.until(lambda c=client: c.events("attention/cleared", chat.id))
    assert await needing(other) == {}


async def test_clearing_does_not_silence_an_open_request(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    answer = await chat.call("attention/clear")
    assert answer["chat"]["attention"] == ["permission"]
    await chat.decide(asked, "deny")
    await chat.ended(turn)


async def test_clearing_twice_tells_once(daemon: Daemon, chat: Chat) -> None:
    await unwatched_turn(daemon, chat, "@text unseen")
    await chat.call("event/subscribe")
    for _ in range(2):
        await chat.call("attention/clear")
    assert len(chat.events("attention/cleared")) == 1


async def test_attention_clear_ChatNotFound(client: Client) -> None:
    assert (await client.refused("attention/clear", chatId="nobody")).name == "ChatNotFound"


async def test_attention_clear_StoreFull(daemon: Daemon, chat: Chat) -> None:
    await unwatched_turn(daemon, chat, "@text unseen")
    with full_disk():
        refused = await chat.refused("attention/clear")
    assert refused.name == "StoreFull"
    assert await needing(chat.client) == {chat.id: ["ended"]}


# attention/list


async def test_the_chat_that_waits_longest_comes_first(new_chat: NewChat) -> None:
    chats = [await new_chat() for _ in range(3)]
    for chat in (chats[1], chats[0], chats[2]):
        await asked_once(chat, bash("touch one"))
        await chat.event("attention/raised")
    listed = list(await needing(chats[0].client))
    assert listed == [chats[1].id, chats[0].id, chats[2].id]
    for chat in chats:
        await chat.call("turn/stop")


async def test_bug_53_attention_outlives_the_daemon(daemon: Daemon, new_chat: NewChat) -> None:
    unseen, waiting = await new_chat(), await new_chat()
    await unwatched_turn(daemon, unseen, "@text unseen")
    _turn, asked = await asked_once(waiting, bash("touch one"))
    await waiting.event("attention/raised")
    before = await needing(waiting.client)
    assert before == {unseen.id: ["ended"], waiting.id: ["permission"]}
    await daemon.restart()
    again = await daemon.client()
    assert await needing(again) == before
    await again.call("event/subscribe", chatId=waiting.id)  # its turn goes on, and is watched
    await again.call("permission/decide", permissionId=asked["id"], decision="deny")
    assert list(await needing(again)) == [unseen.id]


async def test_a_deleted_chat_needs_nobody(daemon: Daemon, chat: Chat) -> None:
    await unwatched_turn(daemon, chat, "@text unseen")
    await chat.call("chat/delete")
    assert await needing(chat.client) == {}
