"""Chats of backends: which model is meant, where it is served, and what nothing here can run."""

import pytest

from claudetted.protocol import places
from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.local_models import ends_with, has_ollama, models, tried, update
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Home
from tests.fakes.local_server import LocalServer, ollama, shown

SECRET = "sk-of-a-backend"
TO_PI = "claudette backend set {} --runtime pi"


# Chats


async def test_a_chat_is_led_to_its_server(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await update(client, "ollama", contextWindow=6_000)
    await client.call("setting/set", key="default_model", value="ollama/library/llama3")
    chat = await new_chat()
    assert (chat.made["backend"], chat.made["model"]) == ("ollama", "ollama/library/llama3")
    start = await ends_with(puppets, chat)
    assert start["model"] == "ollama/library/llama3"
    assert start["endpoint"] == {
        "provider": "ollama",
        "name": "Ollama",
        "baseUrl": f"{server.root}/v1",
        "model": "library/llama3",
        "contextWindow": 6_000,
        "images": False,
    }


async def test_a_backend_alone_means_its_default_model_or_its_first(
    client: Client, server: LocalServer, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await client.call("setting/set", key="default_agent_backend", value="ollama")
    first = (await tried(client, "ollama"))["models"][0]
    assert (await new_chat()).made["model"] == first
    await update(client, "ollama", defaultModel="qwen3.5")
    assert (await new_chat()).made["model"] == "ollama/qwen3.5"
    # A default model of another backend is none of this one.
    await client.call("setting/set", key="default_model", value="ollama/library/llama3")
    assert (await new_chat()).made["model"] == "ollama/library/llama3"


async def test_a_default_model_of_another_backend_takes_its_backend_along(
    client: Client, server: LocalServer, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await client.call("setting/set", key="default_agent_backend", value="pi")
    await client.call("setting/set", key="default_model", value="qwen3.5")
    backend = (await client.call("setting/get", key="default_agent_backend"))["setting"]
    assert backend["value"] == "ollama"
    assert (await new_chat()).made["model"] == "ollama/qwen3.5"


@pytest.mark.parametrize(
    "named", ["ollama/qwen3.5", "qwen3.5", "ollama/library/llama3", "library/llama3"]
)
async def test_bug_23_a_model_brings_its_backend_and_its_prefix_once(
    client: Client, server: LocalServer, chat: Chat, named: str
) -> None:
    await has_ollama(client, server)
    told = (await chat.call("chat/configure", model=named))["chat"]
    assert (told["backend"], told["model"]) == ("ollama", f"ollama/{named.removeprefix('ollama/')}")


async def test_a_model_that_was_pulled_meanwhile_is_found(
    client: Client, server: LocalServer, chat: Chat
) -> None:
    await has_ollama(client, server)
    server.answers["/api/tags"] = {"models": [{"name": "brand-new:latest"}]}
    server.answers["/api/show"] = shown(4_096)
    told = (await chat.call("chat/configure", model="ollama/brand-new"))["chat"]
    assert told["model"] == "ollama/brand-new:latest"


async def test_a_model_the_server_lacks_is_refused_with_the_nearest(
    client: Client, server: LocalServer, chat: Chat
) -> None:
    await has_ollama(client, server)
    refused = await chat.refused("chat/configure", model="ollama/library/lama3")
    assert refused.name == "ModelUnknown"
    assert refused.data["nearest"][0] == "ollama/library/llama3"
    assert (await chat.get()).get("model") is None


async def test_a_running_agent_learns_of_another_address(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await client.call("setting/set", key="default_model", value="ollama/qwen3.5")
    chat = await new_chat()
    turn = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(turn)
    await chat.ended(turn)
    with ollama(qwen3__5=9_000) as other:
        await update(client, "ollama", url=other.root)
        told = await puppet.hears("configure")
        assert told["endpoint"]["baseUrl"] == f"{other.root}/v1"
        assert told["model"] == "ollama/qwen3.5"
        await update(client, "ollama", defaultModel="qwen3.5")
        await tried(client, "ollama")
        again = await puppet.hears("configure")
    assert again["endpoint"]["contextWindow"] == 9_000


async def test_a_key_is_handed_over_and_found_nowhere(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat, no_keychain: None
) -> None:
    await client.call("setting/set", key="private_keys", value="file")
    server.answers["/v1/models"] = {"data": [{"id": "big"}]}
    told = await update(client, "custom-openai", runtime="pi", url=server.root, key=SECRET)
    assert told["hasKey"]
    assert (await tried(client, "custom-openai"))["ok"]
    assert ("/v1/models", f"Bearer {SECRET}") in server.asked
    await client.call("setting/set", key="default_model", value="custom-openai/big")
    chat = await new_chat()
    turn = await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets()
    await puppet.says("credentials.wanted")
    credentials = await puppet.hears("credentials")
    start, prompt = (
        next(line for line in puppet.heard if line["type"] == kind) for kind in ("start", "prompt")
    )
    assert credentials["keys"][start["endpoint"]["key"]] == SECRET
    await puppet.answers(start, {"sessionPath": "/s", "model": "custom-openai/big"})
    await puppet.answers(prompt)
    await puppet.ends_turn(turn)
    await chat.ended(turn)
    stored = places.database_path().read_bytes()
    assert SECRET.encode() not in stored
    assert (
        SECRET.encode()
        not in places.database_path().with_name(places.database_path().name + "-wal").read_bytes()
    )
    assert not (await update(client, "custom-openai", key="")).get("hasKey")
    assert "key" not in (await puppet.hears("configure"))["endpoint"]


async def test_two_backends_never_mix(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    server.answers["/v1/models"] = {"data": [{"id": "same"}, {"id": "whisper-1"}]}
    for backend in ("openai-api", "custom-openai"):
        await update(client, backend, runtime="pi", url=f"{server.root}/{backend}")
        server.answers[f"/{backend}/v1/models"] = server.answers["/v1/models"]
        await tried(client, backend)
    assert sorted(await models(client)) == [
        "custom-openai/same",
        "custom-openai/whisper-1",
        "openai-api/same",
    ]
    for backend in ("openai-api", "custom-openai"):
        await client.call("setting/set", key="default_model", value=f"{backend}/same")
        start = await ends_with(puppets, await new_chat())
        assert start["endpoint"]["provider"] == backend
        assert start["endpoint"]["baseUrl"] == f"{server.root}/{backend}/v1"


async def pi_has(client: Client, puppets: Puppets, *models: str) -> None:
    number = await client.post("model/refresh")
    puppet = await puppets.next()
    await puppet.greets()
    rows = [{"id": f"openai/{model}", "provider": "openai", "name": model} for model in models]
    await puppet.answers(await puppet.hears("models"), {"models": rows})
    await client.result_of(number)


async def test_what_the_agent_does_not_know_is_near_to_models_of_servers_too(
    client: Client, server: LocalServer, puppets: Puppets, home: Home
) -> None:
    await has_ollama(client, server)
    number = await client.post("chat/create", cwd=str(home.work), model="ollamma/llama3")
    puppet = await puppets.next()
    await puppet.greets()
    message = "No configured provider has a model ollamma/llama3. Nearest: ollamma/other."
    await puppet.refuses(
        await puppet.hears("start"),
        "ModelUnknown",
        message,
        model="ollamma/llama3",
        nearest=["ollamma/other"],
    )
    error = (await client.reply(number))["error"]
    nearest = error["data"]["nearest"]
    assert {"ollama/library/llama3", "ollamma/other"} <= set(nearest)
    assert error["message"] == (
        f"No configured provider has a model ollamma/llama3. Nearest: {', '.join(nearest)}."
    )


@pytest.mark.parametrize(
    ("backend", "model"), [("codex-native", "gpt-5.2-codex"), ("openai-api", "gpt-5.4")]
)
async def test_codex_and_openai_without_a_server_use_what_pi_has(
    client: Client, puppets: Puppets, new_chat: NewChat, backend: str, model: str
) -> None:
    await pi_has(client, puppets, "gpt-5.4", "gpt-5.2-codex")
    await update(client, backend, runtime="pi")
    await client.call("setting/set", key="default_agent_backend", value=backend)
    chat = await new_chat()
    assert (chat.made["backend"], chat.made["model"]) == (backend, f"openai/{model}")
    start = await ends_with(puppets, chat)
    assert start["model"] == f"openai/{model}"
    assert "endpoint" not in start
    refused = await chat.refused("chat/configure", backend=backend, model="gpt-4")
    assert "openai/gpt-5.4" in refused.data["nearest"]


async def test_codex_takes_no_model_that_is_not_made_for_it(
    client: Client, puppets: Puppets, home: Home
) -> None:
    await pi_has(client, puppets, "gpt-5", "gpt-4o")
    await update(client, "codex-native", runtime="pi")
    refused = await client.refused("chat/create", cwd=str(home.work), backend="codex-native")
    assert refused.name == "ModelUnknown"
    advice = "claudette backend set codex-native --model openai/gpt-5"
    assert advice in refused.message
    await update(client, "codex-native", defaultModel="openai/gpt-5")
    made = await client.call("chat/create", cwd=str(home.work), backend="codex-native")
    assert made["chat"]["model"] == "openai/gpt-5"


# Faults


async def test_turn_send_HarnessMissing(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await client.call("setting/set", key="default_model", value="ollama/qwen3.5")
    chat = await new_chat()
    await update(client, "ollama", runtime="claude")
    refused = await chat.refused("turn/send", text="one")
    assert (refused.name, refused.data["harness"]) == ("HarnessMissing", "claude")
    assert TO_PI.format("ollama") in refused.message
    assert await chat.texts("user") == []
    assert not (await models(client))["ollama/qwen3.5"].get("usable", True)
    await update(client, "ollama", runtime="")
    await ends_with(puppets, chat)


async def test_turn_retry_HarnessMissing(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await client.call("setting/set", key="default_model", value="ollama/qwen3.5")
    chat = await new_chat()
    turn = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(turn, "failed", error="It broke.")
    await chat.ended(turn)
    await update(client, "ollama", runtime="claude")
    assert (await chat.refused("turn/retry")).name == "HarnessMissing"


async def test_what_waits_fails_with_the_reason(
    client: Client, server: LocalServer, puppets: Puppets, new_chat: NewChat
) -> None:
    await has_ollama(client, server)
    await client.call("setting/set", key="default_model", value="ollama/qwen3.5")
    chat = await new_chat()
    first = await chat.send("one")
    second = await chat.send("two")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await update(client, "ollama", runtime="claude")
    await puppet.ends_turn(first)
    ended = await chat.ended(second)
    assert ended["reason"] == "failed"
    assert TO_PI.format("ollama") in ended["error"]


@pytest.mark.parametrize("backend", ["openai-api", "custom-openai", "codex-native"])
async def test_chat_configure_HarnessMissing(client: Client, chat: Chat, backend: str) -> None:
    refused = await chat.refused("chat/configure", backend=backend, model="gpt-5")
    assert refused.name == "HarnessMissing"
    assert TO_PI.format(backend) in refused.message
    assert (await chat.get()).get("backend", "pi") == "pi"


async def test_claude_backends_lead_to_the_list(client: Client, home: Home) -> None:
    refused = await client.refused("chat/create", cwd=str(home.work), backend="anthropic")
    assert refused.name == "HarnessMissing"
    assert "claudette backend list" in refused.message


async def test_setting_set_HarnessMissing(client: Client) -> None:
    refused = await client.refused("setting/set", key="default_agent_backend", value="codex_native")
    assert refused.name == "HarnessMissing"
    assert TO_PI.format("codex-native") in refused.message


async def test_setting_set_BackendUnknown(client: Client) -> None:
    refused = await client.refused("setting/set", key="default_agent_backend", value="olama")
    assert (refused.name, refused.data["nearest"]) == ("BackendUnknown", ["ollama"])


async def test_chat_configure_BackendUnknown(chat: Chat) -> None:
    assert (await chat.refused("chat/configure", backend="olama")).name == "BackendUnknown"


async def test_chat_create_BackendUnknown(client: Client, home: Home) -> None:
    refused = await client.refused("chat/create", cwd=str(home.work), backend="olama")
    assert refused.name == "BackendUnknown"
