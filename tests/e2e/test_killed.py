"""A daemon that is killed in the middle of things, and the next one that goes on with them."""

import pytest
import trio

from tests.daemon.calls import bash
from tests.daemon.client import Json
from tests.daemon.mirror import Mirror
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import Connect, watched
from tests.e2e.stage import Stage
from tests.support import pictures
from tests.support.daemon import RunningDaemon


@pytest.fixture
def daemon(home: Home, scripted_stage: Stage) -> RunningDaemon:
    return scripted_stage.running()


@pytest.fixture
async def chat(connected: Connect, home: Home) -> Chat:
    client = await connected()
    made = await client.call("chat/create", cwd=str(home.work))
    return await watched(client, made["chat"])


def stopping(event: Json) -> bool:
    """Whether it tells of a stop that is under way; a slow reader has its end with it."""
    return bool(event["status"]["name"] == "stopping")


async def replaced(daemon: RunningDaemon, connected: Connect, chat: Chat) -> Chat:
    """Killed, started again, and the chat as a new client sees it."""
    await trio.to_thread.run_sync(daemon.kill9)
    await trio.to_thread.run_sync(daemon.start)
    return await watched(await connected(), chat.made)


@pytest.mark.parametrize("times", [1, 3])
async def test_the_text_of_an_open_item_comes_back(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home, times: int
) -> None:
    turn_id = await chat.send('@think "let me see" @text "so far" @hold door @text " and on"')
    await home.gates.held("door")
    await chat.said("so far")
    again = chat
    for _ in range(times):
        again = await replaced(daemon, connected, chat)
    client = await connected()
    mirror = await Mirror.of(client, chat.id)

    def back() -> bool:
        mirror.take(client.told)
        client.told = []
        return list(mirror.texts.values()) == [b"so far"]

    await client.until(back)
    home.gates.release("door")
    assert (await again.ended(turn_id))["reason"] == "done"
    assert await again.texts() == ["so far and on"]
    assert await again.texts("reasoning") == ["let me see"]
    assert len(await again.texts("user")) == 1


async def test_a_client_resumes_by_its_cursor_without_loss_or_doubles(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    mirror = Mirror(await chat.snapshot())
    turn_id = await chat.send("@many 2000 @then @text one @hold door @text two @then @many 2000")
    await home.gates.held("door")
    await chat.said("one")
    told = list(chat.client.told)
    mirror.take(told)
    journal = mirror.cursor.rpartition(".")[0]
    again = await replaced(daemon, connected, chat)
    client = await connected()
    cursor = f"{journal}.{mirror.state.seq}"
    assert await client.call("event/subscribe", chatId=chat.id, after=cursor) == {"resumed": True}
    home.gates.release("door")
    await again.ended(turn_id)
    fresh = Mirror(await again.snapshot())
    await client.until(
        lambda: client.events()[-1:] and client.events()[-1]["seq"] >= fresh.state.seq
    )
    mirror.take(client.told)
    assert mirror.picture() == fresh.picture()
    assert {key: mirror.items[key] for key in fresh.items} == fresh.items


async def test_open_permissions_are_open_and_answerable(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    turn_id = await chat.send(f"{bash('touch one')} {bash('touch two')} @then @text done")
    asked = await chat.asked(2)
    again = await replaced(daemon, connected, chat)
    assert sorted(one["id"] for one in (await again.call("permission/list"))["permissions"]) == (
        sorted(one["id"] for one in asked)
    )
    for one in asked:
        await again.decide(one, "allow" if one["request"]["command"] == "touch one" else "deny")
    assert (await again.ended(turn_id))["reason"] == "done"
    assert await trio.Path(home.work / "one").exists()
    assert not await trio.Path(home.work / "two").exists()


async def test_a_decision_that_was_just_made_is_carried_out_once(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    turn_id = await chat.send(f"{bash('echo ran >> log')} @then @text done")
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    again = await replaced(daemon, connected, chat)
    assert (await again.ended(turn_id))["reason"] == "done"
    assert await trio.Path(home.work / "log").read_text() == "ran\n"


async def test_the_queue_goes_on_and_sends_everything_once(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    await chat.send("@hold door @text one")
    await home.gates.held("door")
    queued = [await chat.send(f"@text {word}", key=word) for word in ("two", "three", "four")]
    again = await replaced(daemon, connected, chat)
    assert await again.send("@text four", key="four") == queued[-1]
    home.gates.release("door")
    await again.ended(queued[-1])
    assert await again.texts() == ["one", "two", "three", "four"]
    assert len(await again.texts("user")) == 4


async def test_a_message_that_was_just_acknowledged_is_sent_once(
    chat: Chat, daemon: RunningDaemon, connected: Connect
) -> None:
    turn_id = await chat.send("@text hello")
    again = await replaced(daemon, connected, chat)
    assert (await again.ended(turn_id))["reason"] == "done"
    assert await again.texts() == ["hello"]


async def test_a_stop_that_was_just_asked_for_is_carried_out(
    chat: Chat, daemon: RunningDaemon, connected: Connect
) -> None:
    turn_id = await chat.send("@text listening @hang")
    await chat.said("listening")
    await chat.client.post("turn/stop", chatId=chat.id)
    await chat.event("status/changed", stopping)
    again = await replaced(daemon, connected, chat)
    assert (await again.ended(turn_id))["reason"] == "stopped"
    assert (await again.turn("@text on"))["reason"] == "done"


async def test_a_sidecar_that_ended_meanwhile_is_noticed(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    turn_id = await chat.send("@text before @hold door @text last @die 3")
    await home.gates.held("door")
    await chat.said("before")
    await trio.to_thread.run_sync(daemon.kill9)
    home.gates.release("door")
    await trio.to_thread.run_sync(daemon.start)
    again = await watched(await connected(), chat.made)
    turn = await again.ended(turn_id)
    assert turn["reason"] == "lost"
    assert "exit code 3" in turn["error"]
    assert await again.texts() == ["beforelast"]
    assert (await again.turn("@text on"))["reason"] == "done"


async def test_a_reset_that_was_just_asked_for_is_carried_out(
    chat: Chat, daemon: RunningDaemon, connected: Connect
) -> None:
    await chat.turn("@text remember seven")
    await chat.send("@text listening @hang")
    await chat.said("listening")
    await chat.client.post("chat/reset", chatId=chat.id)
    await chat.event("status/changed", stopping)
    again = await replaced(daemon, connected, chat)
    await again.turn("@echo-history")
    assert "remember seven" not in (await again.texts())[-1]


async def test_images_are_kept_with_the_message_that_waits(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    queued = await chat.send("@seen", images=[pictures.sent(pictures.PNG)])
    again = await replaced(daemon, connected, chat)
    home.gates.release("door")
    ended = await again.ended(queued)
    assert (ended["reason"], len(ended["images"])) == ("done", 1)
    assert (await again.texts())[-1].startswith("image/png ")
    assert len(await again.items("user")) == 2
