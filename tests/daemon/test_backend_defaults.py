"""Which model a chat begins with that nobody chose one for, where Pi has none of its own."""

import pytest
from msgspec.structs import replace

from claudetted.providers.kinds import KINDS
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.local_models import ends_with, has_ollama, tried, update
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Home
from tests.fakes.local_server import LocalServer

GPT: Json = {"id": "openai/gpt-5", "provider": "openai", "name": "GPT-5"}


@pytest.fixture
def usual(home: Home, server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    """An Ollama where it is without anybody's doing."""
    monkeypatch.setitem(KINDS, "ollama", replace(KINDS["ollama"], url=server.root))
    return server


async def has_no_model_of_its_own(client: Client, puppets: Puppets) -> Puppet:
    number = await client.post("model/refresh")
    control = await puppets.next()
    await control.greets()
    await control.answers(await control.hears("models"), {"models": []})
    await client.result_of(number)
    return control


async def begins_with(
    client: Client, puppets: Puppets, chat: Chat, model: str | None, *of_pi: Json
) -> None:
    """Once Pi was asked for its own models."""
    number = await client.post("turn/send", chatId=chat.id, text="one")
    control = await puppets.next()
    await control.greets()
    await control.answers(await control.hears("models"), {"models": of_pi})
    puppet = await puppets.next()
    assert (await puppet.starts()).get("model") == model
    turn = (await client.result_of(number))["turnId"]
    await puppet.takes_prompt()
    await puppet.ends_turn(turn)
    await chat.ended(turn)


async def test_where_pi_has_no_model_a_chat_that_chose_none_begins_with_a_local_one(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    control = await has_no_model_of_its_own(client, puppets)
    chat = await new_chat()
    assert "model" not in chat.made
    assert (await ends_with(puppets, chat))["model"] == "ollama/library/llama3"
    number = await client.post("model/refresh")
    await control.answers(await control.hears("models"), {"models": [GPT]})
    await client.result_of(number)
    other = await new_chat()
    assert not (await ends_with(puppets, other)).get("model")


async def test_where_pi_has_no_model_a_chat_begins_with_one_of_the_server_that_was_named(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    server.answers["/v1/models"] = {"data": [{"id": "served"}, {"id": "other"}]}
    await update(client, "custom-openai", url=server.root, runtime="pi")
    assert (await tried(client, "custom-openai"))["ok"]
    await has_no_model_of_its_own(client, puppets)
    assert (await ends_with(puppets, await new_chat()))["model"] == "custom-openai/served"
    # What was chosen is named, also where the server lacks it.
    for chosen in ("other", "custom-openai/gone"):
        await update(client, "custom-openai", defaultModel=chosen)
        wanted = f"custom-openai/{chosen.rpartition('/')[2]}"
        assert (await ends_with(puppets, await new_chat()))["model"] == wanted
    await update(client, "custom-openai", runtime="codex")
    assert not (await ends_with(puppets, await new_chat())).get("model")


async def test_pi_is_asked_for_its_models_before_a_chat_begins_with_one_of_a_server(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await begins_with(client, puppets, await new_chat(), "ollama/library/llama3")


@pytest.mark.parametrize("local", ["ollama", "custom-openai"])
async def test_a_server_that_nobody_has_asked_yet_is_found_by_a_chat_that_chose_no_model(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat, local: str
) -> None:
    server.answers["/v1/models"] = {"data": [{"id": "library/llama3"}]}
    runtime = {"runtime": "pi"} if local == "custom-openai" else {}
    await update(client, local, url=server.root, **runtime)
    await begins_with(client, puppets, await new_chat(), f"{local}/library/llama3")


async def test_a_server_at_its_usual_address_is_found_by_the_first_chat(
    client: Client, usual: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await begins_with(client, puppets, await new_chat(), "ollama/library/llama3")


async def test_where_pi_has_models_that_nobody_has_looked_up_no_server_is_asked_or_waited_for(
    client: Client, usual: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    usual.answers["/api/tags"] = usual.held
    await begins_with(client, puppets, await new_chat(), None, GPT)
    await ends_with(puppets, await new_chat())
    assert usual.asked == []


async def test_where_pi_has_no_model_the_default_of_a_local_server_comes_before_its_first(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await update(client, "ollama", defaultModel="qwen3.5")
    await has_no_model_of_its_own(client, puppets)
    assert (await ends_with(puppets, await new_chat()))["model"] == "ollama/qwen3.5"
