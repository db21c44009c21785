"""Turns that are sent: each begins and ends exactly once, whatever happens."""

import pytest

from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk

FIVE_MB = 5_000_000


async def test_a_prompt_is_answered(chat: Chat) -> None:
    turn = await chat.turn("@text hello there")
    assert turn["state"] == "ended"
    assert turn["reason"] == "done"
    assert await chat.texts() == ["hello there"]
    assert await chat.texts("user") == ["@text hello there"]


async def test_the_message_is_journaled_before_its_turn_starts(chat: Chat) -> None:
    await chat.turn("@text hi")
    kinds = chat.kinds()
    assert kinds.index("item/added") < kinds.index("turn/started")
    assert chat.events("item/added")[0]["item"]["kind"] == "user"


@pytest.mark.parametrize(
    "prompt",
    [
        "plain text",
        "@swallow",
        "@fail It broke.",
        "@retry @text fine",
        "@overflow-compact @text fine",
        "@compact @text fine",
        "@text fine @late-compact",
        '@tool ls {} @then @tool ls {} @tool ls {} @then @text "three rounds"',
        "@two-messages",
        "@unknown @text fine",
        "@garbage @text fine",
        "@text fine @late-output",
    ],
)
async def test_a_turn_starts_once_and_ends_once(chat: Chat, prompt: str) -> None:
    turn = await chat.turn(prompt)
    after = await chat.turn("@text after")
    assert [event["turn"]["id"] for event in chat.events("turn/started")] == [
        turn["id"],
        after["id"],
    ]
    assert [event["turn"]["id"] for event in chat.events("turn/ended")] == [turn["id"], after["id"]]
    assert (await chat.texts())[-1] == "after"


async def test_usage_and_duration_are_of_the_turn(chat: Chat) -> None:
    turn = await chat.turn("@usage 120 7 @text hi")
    assert turn["usage"]["input"] == 120
    assert turn["usage"]["output"] == 7
    assert turn["durationMs"] >= 0
    await chat.turn("@usage 5 3 @text again")
    assert (await chat.get())["totals"]["input"] == 125


@pytest.mark.parametrize("when", ["auto", "queue"])
async def test_a_message_to_a_busy_chat_waits_its_turn(home: Home, chat: Chat, when: str) -> None:
    first = await chat.send("@text one @hold door")
    await home.gates.held("door")
    answer = await chat.call("turn/send", text="@text two", when=when)
    assert answer["state"] == "queued"
    home.gates.release("door")
    assert (await chat.ended(answer["turnId"]))["reason"] == "done"
    assert (await chat.ended(first))["reason"] == "done"
    assert await chat.texts() == ["one", "two"]


async def test_messages_to_a_waiting_chat_go_in_their_order(chat: Chat) -> None:
    await chat.send('@tool bash {"command": "touch made"} @then @text one')
    (asked,) = await chat.asked()
    later = [await chat.send(f"@text {word}") for word in ("two", "three", "four")]
    await chat.decide(asked, "allow")
    await chat.ended(later[-1])
    assert await chat.texts() == ["one", "two", "three", "four"]


async def test_a_message_to_a_compacting_chat_waits(home: Home, chat: Chat) -> None:
    await chat.turn("@text one")
    await chat.call("chat/compact", instructions="@hold door")
    await home.gates.held("door")
    answer = await chat.call("turn/send", text="@text two")
    assert answer["state"] == "queued"
    home.gates.release("door")
    assert (await chat.ended(answer["turnId"]))["reason"] == "done"
    kinds = chat.kinds()
    assert kinds.index("compaction/ended") < len(kinds) - kinds[::-1].index("turn/started")


async def test_a_message_to_a_starting_chat_waits(home: Home, chat: Chat) -> None:
    home.set_sidecar(start_hold="start")
    first = await chat.send("@text one")
    await home.gates.held("start")
    answer = await chat.call("turn/send", text="@text two")
    assert answer["state"] == "queued"
    home.gates.release("start")
    await chat.ended(answer["turnId"])
    assert (await chat.ended(first))["reason"] == "done"
    assert await chat.texts() == ["one", "two"]


async def test_a_queued_turn_can_be_waited_for_by_its_id(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    turn_id = await chat.send("@text two")
    waiting = await chat.client.post("turn/wait", chatId=chat.id, turnId=turn_id)
    home.gates.release("door")
    result = await chat.client.result_of(waiting)
    assert result["turn"]["id"] == turn_id
    assert result["turn"]["state"] == "ended"
    assert result["turn"]["reason"] == "done"


async def test_a_steer_goes_into_the_running_turn(puppets: Puppets, chat: Chat) -> None:
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    answer = await chat.call("turn/send", text="steered", when="steer")
    assert answer["state"] == "steering"
    line = await puppet.hears("steer")
    assert (line["turn"], line["text"]) == (answer["turnId"], "steered")
    await puppet.answers(line)
    await puppet.says("steer.taken", turn=answer["turnId"])
    await puppet.ends_turn(first)
    assert (await chat.ended(first))["reason"] == "done"
    assert len(chat.events("turn/started")) == len(chat.events("turn/ended")) == 1
    (steered,) = chat.events("turn/steered")
    assert steered["turn"]["id"] == answer["turnId"]
    assert steered["turn"]["steers"] == first
    first_message, steering = await chat.items("user")
    assert (steering["text"], steering["turnId"]) == ("steered", first)
    assert first_message["turnId"] == first
    assert (await chat.ended(answer["turnId"]))["steers"] == first


async def test_a_steer_to_an_idle_chat_is_a_turn(chat: Chat) -> None:
    answer = await chat.call("turn/send", text="@text hi", when="steer")
    assert answer["state"] == "running"
    assert (await chat.ended(answer["turnId"]))["reason"] == "done"


async def test_a_late_steer_becomes_the_next_turn(puppets: Puppets, chat: Chat) -> None:
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await chat.send("queued before")
    late = await chat.call("turn/send", text="late", when="steer")
    assert late["state"] == "steering"
    await puppet.refuses(await puppet.hears("steer"), "NotRunning", "The turn has settled.")
    await puppet.ends_turn(first)
    prompt = await puppet.takes_prompt()
    assert (prompt["turn"], prompt["text"]) == (late["turnId"], "late")
    await puppet.ends_turn(late["turnId"])
    assert (await puppet.takes_prompt())["text"] == "queued before"
    assert not chat.events("turn/steered")


async def test_a_steer_the_model_never_got_becomes_the_next_turn(
    puppets: Puppets, chat: Chat
) -> None:
    first = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    late = await chat.send("late", when="steer")
    await puppet.answers(await puppet.hears("steer"))
    await puppet.ends_turn(first)
    assert (await puppet.takes_prompt())["turn"] == late


async def test_a_prompt_of_five_megabytes_arrives_whole(chat: Chat) -> None:
    text = "é" * (FIVE_MB // 2)
    turn = await chat.turn(text)
    assert turn["reason"] == "done"
    (item,) = await chat.items("user")
    assert item["textBytes"] == FIVE_MB
    assert len(item["text"].encode()) == 64 * 1024
    read, offset = "", 0
    while offset < FIVE_MB:
        piece = await chat.call("item/get", itemId=item["id"], offset=offset, limit=1_000_000)
        assert piece["total"] == FIVE_MB
        read += piece["text"]
        offset += len(piece["text"].encode())
    assert read == text


async def test_a_prompt_of_five_megabytes_waits_whole(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    waiting = await chat.send("x" * FIVE_MB)
    (entry,) = (await chat.snapshot())["queue"]
    assert len(entry["text"]) == 1024
    assert entry["textBytes"] == FIVE_MB
    (whole,) = (await chat.call("queue/list"))["entries"]
    assert whole["text"] == "x" * FIVE_MB
    home.gates.release("door")
    await chat.ended(waiting)
    assert (await chat.items("user"))[1]["textBytes"] == FIVE_MB


async def test_the_same_key_sends_once(chat: Chat) -> None:
    first = await chat.call("turn/send", text="@text hi", key="k1")
    again = await chat.call("turn/send", text="@text hi", key="k1")
    assert again == first
    await chat.ended(first["turnId"])
    assert await chat.call("turn/send", text="@text hi", key="k1") == first
    assert await chat.texts() == ["hi"]


async def test_the_same_key_at_the_same_time_sends_once(daemon: Daemon, chat: Chat) -> None:
    others = [await daemon.client() for _ in range(5)]
    posted = [
        await other.post("turn/send", chatId=chat.id, text="@text hi", key="k1") for other in others
    ]
    answers = [await other.result_of(number) for other, number in zip(others, posted, strict=True)]
    assert all(answer == answers[0] for answer in answers)
    await chat.ended(answers[0]["turnId"])
    assert await chat.texts() == ["hi"]


async def test_a_key_outlives_the_daemon(daemon: Daemon, chat: Chat) -> None:
    first = await chat.call("turn/send", text="@text hi", key="k1")
    await chat.ended(first["turnId"])
    await daemon.restart()
    again = await (await daemon.client()).call(
        "turn/send", chatId=chat.id, text="@text hi", key="k1"
    )
    assert again == first


async def test_turn_send_ChatNotFound(chat: Chat) -> None:
    refused = await chat.client.refused("turn/send", chatId="nothing", text="hi")
    assert refused.name == "ChatNotFound"
    assert refused.data["chatId"] == "nothing"


async def test_turn_send_KeyReused(chat: Chat) -> None:
    turn_id = await chat.send("@text hi", key="k1")
    refused = await chat.refused("turn/send", text="@text other", key="k1")
    assert refused.name == "KeyReused"
    assert refused.data["key"] == "k1"
    await chat.ended(turn_id)
    assert await chat.texts() == ["hi"]


async def test_turn_send_StoreFull(chat: Chat) -> None:
    before = await chat.get()
    with full_disk():
        refused = await chat.refused("turn/send", text="@text hi", key="k1")
    assert refused.name == "StoreFull"
    assert await chat.get() == before
    assert await chat.items() == []
    await chat.turn("@text hi", key="k1")
    assert await chat.texts() == ["hi"]


async def test_turn_send_ShuttingDown(chat: Chat) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": "down", "method": "daemon/shutdown"},
        {
            "jsonrpc": "2.0",
            "id": "send",
            "method": "turn/send",
            "params": {"chatId": chat.id, "text": "hi"},
        },
    ]
    await chat.client.send_line(batch)
    _, answer = await chat.client.reply("down")
    assert answer["error"]["data"]["name"] == "ShuttingDown"
