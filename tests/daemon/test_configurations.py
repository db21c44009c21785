"""What a chat is set to: model, level, thinking, environment."""

import pytest

from tests.daemon.client import Client, Refused
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk


async def test_an_idle_chat_changes_model_without_a_new_process(chat: Chat) -> None:
    await chat.turn("@text one")
    configured = await chat.call("chat/configure", model="fake/large", thinking="low")
    assert configured["chat"]["model"] == "fake/large"
    await chat.turn("@text two")
    one, two = await chat.items("message")
    assert (one["model"], two["model"]) == ("fake/small", "fake/large")
    assert (await chat.get())["modelUsed"] == "fake/large"
    assert len(chat.events("sidecar/started")) == 1


async def test_a_running_turn_survives_a_change(home: Home, chat: Chat) -> None:
    turn_id = await chat.send("@text one @hold door @text two")
    await home.gates.held("door")
    await chat.call("chat/configure", model="fake/large", level="full")
    home.gates.release("door")
    assert (await chat.ended(turn_id))["reason"] == "done"
    assert len(chat.events("sidecar/started")) == 1


async def test_what_is_chosen_before_the_start_is_what_is_started(chat: Chat) -> None:
    await chat.call("chat/configure", model="fake/large", level="readonly")
    await chat.turn('@tool bash {"command": "touch made"} @then @text no')
    (call,) = await chat.items("tool")
    assert call["status"] == "failed"
    assert (await chat.get())["modelUsed"] == "fake/large"


async def test_a_change_to_what_is_there_changes_nothing(chat: Chat) -> None:
    before = chat.kinds()
    await chat.call("chat/configure", level="standard")
    await chat.call("chat/configure")
    assert chat.kinds() == before


async def test_a_level_takes_effect_on_the_next_call(chat: Chat) -> None:
    await chat.send('@tool bash {"command": "touch one"} @then @text done')
    (asked,) = await chat.asked()
    await chat.call("chat/configure", level="full")
    await chat.decide(asked, "allow")
    await chat.ended()
    await chat.turn('@tool bash {"command": "touch two"}')
    assert len(chat.events("permission/opened")) == 1


async def test_chat_configure_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/configure", chatId="x")).name == "ChatNotFound"


async def test_chat_configure_StoreFull(chat: Chat) -> None:
    with full_disk():
        assert (await chat.refused("chat/configure", level="full")).name == "StoreFull"
    assert (await chat.get())["level"] == "standard"


async def test_chat_configure_ModelUnknown(chat: Chat) -> None:
    await chat.turn("@text one")
    refused = await chat.refused("chat/configure", model="fake/larg", level="full")
    assert refused.name == "ModelUnknown"
    assert refused.data["nearest"][0] == "fake/large"
    got = await chat.get()
    assert (got.get("model"), got["level"]) == (None, "standard")
    assert (await chat.turn("@text two"))["reason"] == "done"


async def test_a_model_is_checked_also_when_no_agent_runs(chat: Chat) -> None:
    refused = await chat.refused("chat/configure", model="fake/larg")
    assert (refused.name, refused.data["nearest"][0]) == ("ModelUnknown", "fake/large")
    got = await chat.get()
    assert (got.get("model"), got["status"]) == (None, {"name": "idle"})
    await chat.call("chat/configure", model="fake/large")
    await chat.turn("@text one")
    assert (await chat.items("message"))[0]["model"] == "fake/large"


async def test_a_change_does_not_wait_for_a_sidecar_that_died(puppets: Puppets, chat: Chat) -> None:
    await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    posted = await chat.client.post("chat/configure", chatId=chat.id, model="fake/large")
    await puppet.hears("configure")
    await puppet.closes()
    assert (await chat.client.result_of(posted))["chat"]["model"] == "fake/large"


async def test_a_refused_model_takes_back_nothing_that_another_client_has_set(
    puppets: Puppets, chat: Chat, daemon: Daemon
) -> None:
    await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    other = await daemon.client()
    model = await chat.client.post("chat/configure", chatId=chat.id, model="fake/nope")
    refused = await puppet.hears("configure")
    level = await other.post("chat/configure", chatId=chat.id, level="readonly")
    taken = await puppet.hears("configure")
    await puppet.refuses(refused, "ModelUnknown", "There is none.")
    await puppet.answers(taken, {"sessionPath": "s", "model": "fake/small"})
    with pytest.raises(Refused):
        await chat.client.result_of(model)
    await other.result_of(level)
    got = await chat.get()
    assert (got.get("model"), got["level"]) == (None, "readonly")


async def test_an_agent_works_in_its_clients_environment(
    new_chat: NewChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_DAEMON", "kept")
    chat = await new_chat(level="full", env={"MARK": "of the client"})
    await chat.turn('@tool bash {"command": "echo $MARK, $OF_THE_DAEMON"}')
    (call,) = await chat.items("tool")
    assert call["text"] == "of the client, kept\n"


async def test_the_environment_is_shown_and_secrets_by_their_length(new_chat: NewChat) -> None:
    chat = await new_chat(env={"MARK": "visible", "MY_API_KEY": "s3cret"})
    shown = (await chat.call("chat/environment"))["env"]
    assert shown["MARK"] == "visible"
    assert "s3cret" not in shown["MY_API_KEY"]
    shown = (await chat.call("chat/environment", env={"MARK": "changed"}))["env"]
    assert shown["MARK"] == "changed"
    assert "MY_API_KEY" not in shown


async def test_the_next_process_has_the_refreshed_environment(
    daemon: Daemon, new_chat: NewChat
) -> None:
    chat = await new_chat(level="full", env={"MARK": "old"})
    await chat.call("chat/environment", env={"MARK": "new"})
    await chat.turn('@tool bash {"command": "echo $MARK"}')
    assert (await chat.items("tool"))[0]["text"] == "new\n"


async def test_chat_environment_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/environment", chatId="x")).name == "ChatNotFound"


async def test_chat_environment_StoreFull(chat: Chat) -> None:
    with full_disk():
        assert (await chat.refused("chat/environment", env={"A": "b"})).name == "StoreFull"
    assert "A" not in (await chat.call("chat/environment")).get("env", {})
