"""Turns: sent, waited for, retried; each begins and ends exactly once, whatever happens."""

import pytest

from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk

FIVE_MB = 5_000_000


# turn/send


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


# turn/wait


async def test_waiting_for_a_turn_that_has_ended_returns_at_once(chat: Chat) -> None:
    turn = await chat.turn("@fail It broke.")
    again = await chat.ended(turn["id"])
    assert again == turn
    assert (again["reason"], again["error"]) == ("failed", "It broke.")


async def test_without_an_id_the_last_turn_is_waited_for(home: Home, chat: Chat) -> None:
    await chat.turn("@text one")
    await chat.send("@hold door")
    await home.gates.held("door")
    last = await chat.send("@text three")
    waiting = await chat.client.post("turn/wait", chatId=chat.id)
    home.gates.release("door")
    assert (await chat.client.result_of(waiting))["turn"]["id"] == last


async def test_waiting_ends_when_a_person_is_asked(chat: Chat) -> None:
    await chat.send('@tool bash {"command": "touch made"} @then @text done')
    result = await chat.call("turn/wait", orAsked=True)
    assert result["asked"] == 1
    assert result["turn"]["state"] == "running"
    (asked,) = (await chat.call("permission/list"))["permissions"]
    await chat.decide(asked, "allow")
    result = await chat.call("turn/wait", orAsked=True)
    assert result["turn"]["reason"] == "done"


async def test_waiting_ends_when_the_message_is_removed(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    queued = await chat.send("@text never")
    waiting = await chat.client.post("turn/wait", chatId=chat.id, turnId=queued)
    await chat.call("queue/remove", turnId=queued)
    assert (await chat.client.result_of(waiting))["turn"]["state"] == "removed"
    assert (await chat.ended(queued))["state"] == "removed"
    home.gates.release("door")
    await chat.ended()


async def test_a_request_is_answered_while_another_waits(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    waiting = await chat.client.post("turn/wait", chatId=chat.id)
    assert (await chat.get())["status"]["name"] == "running"
    assert not chat.client.answered(waiting)
    home.gates.release("door")
    await chat.client.result_of(waiting)


async def test_turn_wait_ChatNotFound(chat: Chat) -> None:
    assert (await chat.client.refused("turn/wait", chatId="nothing")).name == "ChatNotFound"


async def test_turn_wait_TurnNotFound(chat: Chat) -> None:
    assert (await chat.refused("turn/wait")).name == "TurnNotFound"
    refused = await chat.refused("turn/wait", turnId="nothing")
    assert refused.name == "TurnNotFound"
    assert refused.data["turnId"] == "nothing"


async def test_a_turn_of_another_chat_is_not_found(new_chat: NewChat) -> None:
    one, other = await new_chat(), await new_chat()
    turn = await one.turn("@text hi")
    assert (await other.refused("turn/wait", turnId=turn["id"])).name == "TurnNotFound"


# turn/retry


async def test_a_failed_turn_is_sent_again(chat: Chat) -> None:
    failed = await chat.turn("@fail It broke.")
    answer = await chat.call("turn/retry")
    assert answer["state"] == "running"
    again = await chat.ended(answer["turnId"])
    assert again["id"] != failed["id"]
    assert await chat.texts("user") == ["@fail It broke."] * 2


async def test_a_lost_turn_is_sent_again(chat: Chat) -> None:
    lost = await chat.turn("@die 3")
    assert lost["reason"] == "lost"
    await chat.call("turn/retry")
    assert (await chat.ended())["reason"] == "lost"
    assert await chat.texts("user") == ["@die 3"] * 2


async def test_a_stopped_turn_is_sent_again(home: Home, chat: Chat) -> None:
    await chat.send("@hold door @text through")
    await home.gates.held("door")
    await chat.call("turn/stop")
    home.gates.release("door")
    answer = await chat.call("turn/retry")
    assert (await chat.ended(answer["turnId"]))["reason"] == "done"
    assert (await chat.texts())[-1] == "through"


async def test_after_a_failed_turn_nothing_is_sent_by_itself(home: Home, chat: Chat) -> None:
    await chat.send("@hold door @fail It broke.")
    await home.gates.held("door")
    queued = await chat.send("@text later")
    home.gates.release("door")
    await chat.event("turn/ended")
    listed = await chat.call("queue/list")
    assert listed["paused"] is True
    assert [entry["turnId"] for entry in listed["entries"]] == [queued]
    assert (await chat.get())["status"]["name"] == "idle"


async def test_a_retry_lets_the_queue_go_on(home: Home, chat: Chat) -> None:
    await chat.send("@hold door @fail It broke.")
    await home.gates.held("door")
    queued = await chat.send("@text later")
    home.gates.release("door")
    failed = await chat.event("turn/ended")
    answer = await chat.call("turn/retry")
    await chat.ended(answer["turnId"])
    assert failed["reason"] == "failed"
    # It failed again, so the queue waits again.
    assert (await chat.call("queue/list"))["paused"] is True
    await chat.call("queue/resume")
    assert (await chat.ended(queued))["reason"] == "done"


async def test_the_same_key_retries_once(chat: Chat) -> None:
    await chat.turn("@fail It broke.")
    first = await chat.call("turn/retry", key="k1")
    await chat.ended(first["turnId"])
    assert await chat.call("turn/retry", key="k1") == first
    assert len(await chat.texts("user")) == 2


async def test_turn_retry_ChatNotFound(chat: Chat) -> None:
    assert (await chat.client.refused("turn/retry", chatId="nothing")).name == "ChatNotFound"


async def test_turn_retry_NothingToRetry(chat: Chat) -> None:
    assert (await chat.refused("turn/retry")).name == "NothingToRetry"
    await chat.turn("@text hi")
    assert (await chat.refused("turn/retry")).name == "NothingToRetry"


async def test_turn_retry_ChatBusy(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    refused = await chat.refused("turn/retry")
    assert refused.name == "ChatBusy"
    assert refused.data["status"] == "running"
    home.gates.release("door")
    await chat.ended()


async def test_turn_retry_KeyReused(new_chat: NewChat) -> None:
    one, other = await new_chat(), await new_chat()
    await one.turn("@fail It broke.")
    await other.turn("@fail It broke.")
    await one.call("turn/retry", key="k1")
    assert (await other.refused("turn/retry", key="k1")).name == "KeyReused"


async def test_turn_retry_StoreFull(chat: Chat) -> None:
    failed = await chat.turn("@fail It broke.")
    with full_disk():
        assert (await chat.refused("turn/retry")).name == "StoreFull"
    assert (await chat.ended())["id"] == failed["id"]


# What comes of a sidecar that ends


async def test_a_turn_whose_sidecar_dies_is_lost(chat: Chat) -> None:
    turn = await chat.turn("@text half an answer @die 3")
    assert turn["reason"] == "lost"
    lost = await chat.event("sidecar/lost")
    assert "exit code 3" in lost["why"]
    assert lost["stderr"][-1] == "The scripted sidecar dies with 3."
    (message,) = await chat.items("message")
    assert (message["status"], message["text"]) == ("lost", "half an answer")
    status = await chat.status("failed")
    assert "The scripted sidecar dies with 3." in status["why"]


async def test_after_a_loss_the_chat_resumes_its_stored_session(home: Home, chat: Chat) -> None:
    await chat.turn("@text remember seven")
    first = (await chat.event("sidecar/started"))["sidecar"]
    await chat.turn("@die 3")
    assert (await chat.turn("@echo-history"))["reason"] == "done"
    _, second = chat.events("sidecar/started")
    assert second["resumed"] is True
    assert second["sidecar"]["sessionPath"] == first["sessionPath"]
    history = (await chat.texts())[-1]
    assert "remember seven" in history
    assert "was cut off because its process ended" in history
    assert (await chat.get())["status"]["name"] == "idle"


async def test_the_note_about_a_loss_is_told_once(chat: Chat) -> None:
    await chat.turn("@die 3")
    await chat.turn("@text first")
    await chat.turn("@echo-history")
    assert (await chat.texts())[-1].count("was cut off because its process ended") == 1


async def test_a_loss_pauses_the_queue(home: Home, chat: Chat) -> None:
    await chat.send("@hold door @die 3")
    await home.gates.held("door")
    queued = await chat.send("@text later")
    home.gates.release("door")
    assert (await chat.event("turn/ended"))["reason"] == "lost"
    assert (await chat.call("queue/list"))["paused"] is True
    await chat.call("queue/resume")
    assert (await chat.ended(queued))["reason"] == "done"
    assert await chat.texts() == ["later"]


async def test_a_session_that_will_not_open_is_an_error(home: Home, chat: Chat) -> None:
    await chat.turn("@text one")
    path = (await chat.event("sidecar/started"))["sidecar"]["sessionPath"]
    await chat.turn("@die 3")
    with open(path, "w", encoding="utf-8") as session:
        session.write("torn")
    turn = await chat.turn("@text two")
    assert turn["reason"] == "failed"
    assert "cannot be opened" in turn["error"]
    assert [kind for kind, _ in await chat.notices()][-1] == "error"
    assert len(chat.events("sidecar/started")) == 1
    assert (await chat.status("failed"))["why"] == turn["error"]
    assert await chat.texts() == ["one"]


async def test_a_sidecar_that_cannot_be_launched_fails_the_turn(home: Home, chat: Chat) -> None:
    home.harness.unlink()
    turn = await chat.turn("@text hi")
    assert turn["reason"] == "failed"
    assert str(home.harness) in turn["error"]
    home.set_sidecar()
    assert (await chat.turn("@text hi"))["reason"] == "done"


async def test_a_sidecar_that_dies_at_its_start_loses_the_turn(home: Home, chat: Chat) -> None:
    home.set_sidecar(die_at_start="5")
    turn = await chat.turn("@text hi")
    assert turn["reason"] == "lost"
    assert "exit code 5" in turn["error"]
    home.set_sidecar()
    assert (await chat.turn("@text hi"))["reason"] == "done"


async def test_a_sidecar_of_another_level_is_refused(home: Home, chat: Chat) -> None:
    home.set_sidecar(bad_level="99")
    turn = await chat.turn("@text hi")
    assert turn["reason"] == "failed"
    assert "99" in turn["error"]
    home.set_sidecar()
    assert (await chat.turn("@text hi"))["reason"] == "done"
