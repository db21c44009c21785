"""Models: looked up with the agent, kept, and listed without it."""

import pytest

from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk


def row(name: str, provider: str = "openai", **more: object) -> Json:
    return {"id": f"{provider}/{name}", "provider": provider, "name": name.upper(), **more}


async def asked(client: Client, puppets: Puppets) -> tuple[int, Puppet, Json]:
    number = await client.post("model/refresh")
    puppet = await puppets.next()
    await puppet.greets()
    return number, puppet, await puppet.hears("models")


async def has_models(client: Client, puppets: Puppets, *rows: Json) -> Puppet:
    number, puppet, line = await asked(client, puppets)
    await puppet.answers(line, {"models": list(rows)})
    await client.result_of(number)
    return puppet


async def listed(client: Client) -> list[str]:
    return [model["id"] for model in (await client.call("model/list"))["models"]]


async def test_with_nothing_configured_the_seeds_are_shown_as_not_usable(client: Client) -> None:
    told = await client.call("model/list")
    assert [model["usable"] for model in told["models"]] == [False, False]
    assert "claudette provider set openrouter" in told["advice"]


async def test_models_are_listed_after_a_restart_without_a_process(
    daemon: Daemon, client: Client, puppets: Puppets
) -> None:
    await has_models(client, puppets, row("gpt-5", contextWindow=272_000))
    await daemon.restart()
    told = await (await daemon.client()).call("model/list")
    assert told["models"][0]["contextWindow"] == 272_000
    assert told["models"][0]["group"] == "OpenAI"
    assert told["refreshedAt"]
    assert "advice" not in told


async def test_bug_19_finding_nothing_changes_nothing(client: Client, puppets: Puppets) -> None:
    puppet = await has_models(client, puppets, row("gpt-5"))
    await client.call("setting/set", key="default_model", value="openai/gpt-5")
    number = await client.post("model/refresh")
    empty = {"models": [], "trouble": "The keychain is locked."}
    await puppet.answers(await puppet.hears("models"), empty)
    told = await client.result_of(number)
    assert told["trouble"] == "The keychain is locked."
    assert await listed(client) == ["openai/gpt-5"]
    assert (await client.call("model/list"))["default"] == "openai/gpt-5"


async def test_bug_31_an_agent_that_is_slow_to_start_is_waited_for(
    client: Client, puppets: Puppets
) -> None:
    number = await client.post("model/refresh")
    puppet = await puppets.next()
    assert "models" in await client.call("model/list")  # nobody else waits
    assert not client.answered(number)
    await puppet.greets()
    await puppet.answers(await puppet.hears("models"), {"models": [row("gpt-5")]})
    assert [model["id"] for model in (await client.result_of(number))["models"]] == ["openai/gpt-5"]


async def test_the_default_model_is_that_of_new_chats(
    client: Client, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_models(client, puppets, row("gpt-5"), row("gpt-4"))
    before = await new_chat()
    await client.call("setting/set", key="default_model", value="openai/gpt-4")
    assert (await client.call("model/list"))["default"] == "openai/gpt-4"
    chat = await new_chat()
    assert chat.made["model"] == "openai/gpt-4"
    assert before.made.get("model") is None
    await chat.send("hello")
    assert (await (await puppets.next()).starts())["model"] == "openai/gpt-4"


async def test_a_chat_for_which_nobody_chose_follows_the_default_until_it_has_run(
    client: Client, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_models(client, puppets, row("gpt-5"), row("gpt-4"), row("o3"))
    await client.call("setting/set", key="default_model", value="openai/gpt-4")
    unused, chosen, without = [await new_chat() for _ in range(3)]
    # Also a choice of what is the default anyhow is one.
    await chosen.call("chat/configure", model="openai/gpt-4")
    await client.call("setting/set", key="default_model", value="openai/gpt-5")
    turn_id = await unused.send("one")
    puppet = await puppets.next()
    assert (await puppet.starts(model="openai/gpt-5"))["model"] == "openai/gpt-5"
    await puppet.ends_turn(turn_id)
    await unused.ended(turn_id)
    await chosen.send("one")
    assert (await (await puppets.next()).starts())["model"] == "openai/gpt-4"
    await client.call("setting/set", key="default_model", value=None)
    await without.send("one")
    assert "model" not in await (await puppets.next()).starts()
    await unused.send("two")
    assert (await unused.call("chat/get"))["chat"]["model"] == "openai/gpt-5"


async def test_an_unused_chat_that_is_looked_at_shows_the_default_of_now(
    client: Client, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_models(client, puppets, row("gpt-5"), row("gpt-4"), row("o3"))
    await client.call("setting/set", key="default_model", value="openai/gpt-4")
    looked_at, chosen, elsewhere = [await new_chat() for _ in range(3)]
    await elsewhere.call("event/unsubscribe")
    await chosen.call("chat/configure", model="openai/gpt-4")
    await client.call("setting/set", key="default_model", value="openai/gpt-5")
    told = await looked_at.event("chat/configured")
    assert told["chat"]["model"] == "openai/gpt-5"
    assert (await chosen.get())["model"] == "openai/gpt-4"
    assert (await elsewhere.get())["model"] == "openai/gpt-4"
    assert (await elsewhere.snapshot())["chat"]["model"] == "openai/gpt-5"
    await client.call("setting/set", key="default_model", value=None)
    assert "model" not in await looked_at.get()


async def test_setting_set_ModelUnknown(client: Client, puppets: Puppets) -> None:
    await has_models(client, puppets, row("gpt-5"), row("grok", "xai"))
    refused = await client.refused("setting/set", key="default_model", value="openai/gtp-5")
    assert refused.name == "ModelUnknown"
    assert refused.data["nearest"][0] == "openai/gpt-5"
    setting = (await client.call("setting/get", key="default_model"))["setting"]
    assert setting.get("value") is None


async def test_model_refresh_HarnessFailed(client: Client, puppets: Puppets) -> None:
    number, puppet, _ = await asked(client, puppets)
    await puppet.closes()
    assert (await client.reply(number))["error"]["data"]["name"] == "HarnessFailed"


async def test_model_refresh_HarnessMissing(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(home.root / "nothing"))
    assert (await client.refused("model/refresh")).name == "HarnessMissing"


async def test_model_refresh_StoreFull(client: Client, puppets: Puppets) -> None:
    number, puppet, line = await asked(client, puppets)
    with full_disk():
        await puppet.answers(line, {"models": [row("gpt-5")]})
        assert (await client.reply(number))["error"]["data"]["name"] == "StoreFull"
    assert await listed(client) != ["openai/gpt-5"]


async def test_a_chat_that_chose_nothing_begins_with_the_default_of_now(
    client: Client, puppets: Puppets, chat: Chat
) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    start = await puppet.hears("start")
    assert "model" not in start
    await puppet.refuses(start, "ModelUnknown", "No model is configured.")
    assert (await chat.ended(turn_id))["reason"] == "failed"
    await client.call("setting/set", key="default_model", value="openai/gpt-5")
    turn_id = await chat.send("two")
    puppet = await puppets.next()
    await puppet.greets()
    start = await puppet.hears("start")
    assert start["model"] == "openai/gpt-5"
    await puppet.refuses(start, "ModelUnknown", "No credentials of openai.")
    assert (await chat.ended(turn_id))["reason"] == "failed"
    assert (await chat.get())["model"] == "openai/gpt-5"


async def paused_without_a_model(chat: Chat, puppets: Puppets) -> None:
    """Its first message failed for want of a model, and another one waits."""
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    start = await puppet.hears("start")
    await chat.send("two", when="queue")
    await puppet.refuses(start, "ModelUnknown", "No model is configured.")
    assert (await chat.ended(turn_id))["reason"] == "failed"
    assert (await chat.call("queue/list"))["paused"] is True


async def test_a_resumed_queue_of_a_chat_that_chose_nothing_has_the_default_of_now(
    client: Client, puppets: Puppets, chat: Chat
) -> None:
    await paused_without_a_model(chat, puppets)
    await client.call("setting/set", key="default_model", value="openai/gpt-5")
    await chat.call("queue/resume")
    puppet = await puppets.next()
    await puppet.greets()
    assert (await puppet.hears("start"))["model"] == "openai/gpt-5"


async def test_a_resumed_queue_is_refused_where_the_default_cannot_be_run(
    client: Client, puppets: Puppets, chat: Chat
) -> None:
    await paused_without_a_model(chat, puppets)
    await client.call("setting/set", key="default_agent_backend", value="ollama")
    await client.call("backend/update", backend="ollama", runtime="claude")
    refused = await chat.refused("queue/resume")
    assert (refused.name, refused.data["harness"]) == ("HarnessMissing", "claude")
    assert (await chat.call("queue/list"))["paused"] is True


async def test_a_default_that_is_gone_is_named_and_no_other_is_taken(
    client: Client, puppets: Puppets, chat: Chat
) -> None:
    await client.call("setting/set", key="default_model", value="openai/gpt-5")
    await has_models(client, puppets, row("other"))
    await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    assert (await puppet.hears("start"))["model"] == "openai/gpt-5"


async def test_a_chat_that_a_model_has_answered_keeps_it(
    client: Client, puppets: Puppets, chat: Chat
) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts(model="openai/own-default")
    await puppet.takes_prompt()
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    await client.call("setting/set", key="default_model", value="openai/gpt-5")
    await chat.send("two")
    assert (await puppet.takes_prompt())["text"] == "two"
    assert (await chat.get()).get("model") is None
