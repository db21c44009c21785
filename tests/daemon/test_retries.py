"""Turns that are sent again after they failed, were lost or stopped."""

from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home, full_disk


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


async def test_the_same_key_at_the_same_time_retries_once(daemon: Daemon, chat: Chat) -> None:
    await chat.turn("@fail It broke.")
    others = [await daemon.client() for _ in range(4)]
    posted = [(other, await other.post("turn/retry", chatId=chat.id, key="k1")) for other in others]
    answers = [await other.result_of(number) for other, number in posted]
    assert answers == [answers[0]] * 4
    await chat.ended(answers[0]["turnId"])
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
