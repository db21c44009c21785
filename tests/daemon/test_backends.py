"""Backends: servers of the user's, how they are configured, asked, and used by chats."""

import json
import sqlite3

import pytest
import trio

from claudetted.protocol import places
from claudetted.providers import probes
from claudetted.providers.kinds import KINDS
from tests.daemon.client import Client, Json
from tests.daemon.local_models import has_ollama, models, rows, tried, update
from tests.daemon.puppet import Puppets
from tests.daemon.world import NOBODY, Daemon, Home, full_disk
from tests.fakes.local_server import LocalServer, shown

SECRET = "sk-of-a-backend"
TO_PI = "claudette backend set {} --runtime pi"


# What there is


async def test_each_backend_has_its_runtimes_and_the_missing_ones_are_marked(
    client: Client,
) -> None:
    told = await rows(client)
    used = {name: (row["runtime"], row["defaultRuntime"]) for name, row in told.items()}
    assert used == {
        "pi": ("pi", "pi"),
        "ollama": ("pi", "pi"),
        "lmstudio": ("pi", "pi"),
        "openai-api": ("codex", "codex"),
        "custom-openai": ("codex", "codex"),
        "codex-native": ("codex", "codex"),
        "anthropic": ("claude", "claude"),
        "custom-anthropic": ("claude", "claude"),
    }
    runtimes = {
        (name, runtime["id"]): runtime.get("missing", "")
        for name, row in told.items()
        for runtime in row["runtimes"]
    }
    assert runtimes["ollama", "pi"] == runtimes["codex-native", "pi"] == ""
    assert runtimes["ollama", "claude"] and runtimes["codex-native", "codex"]
    assert ("anthropic", "pi") not in runtimes


async def test_a_missing_harness_is_marked(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(home.root / "nothing"))
    (runtime,) = (await rows(client))["pi"]["runtimes"]
    assert "CLAUDETTE_PI_HARNESS" in runtime["missing"]


# Asking a server


async def test_models_of_ollama_are_found_with_their_windows_and_kept(
    daemon: Daemon, client: Client, server: LocalServer
) -> None:
    await update(client, "ollama", url=f"{server.root}/v1/")
    told = await tried(client, "ollama")
    assert told["ok"]
    assert told["message"] == f"Ollama answers at {server.root}/v1: 2 models."
    assert sorted(told["models"]) == ["ollama/library/llama3", "ollama/qwen3.5"]
    await daemon.restart()
    found = await models(await daemon.client())
    assert found["ollama/library/llama3"]["contextWindow"] == 8_192
    assert "contextWindow" not in found["ollama/qwen3.5"]
    assert {row["group"] for row in found.values()} == {"Ollama"}
    assert {row["backend"] for row in found.values()} == {"ollama"}


async def test_what_a_model_is_run_with_counts_and_what_cannot_call_tools_is_told(
    client: Client, server: LocalServer
) -> None:
    details = {
        "run": shown(
            131_072, "tools", "vision", parameters='stop "x"\nnum_ctx                        16384'
        ),
        "deaf": shown(8_192, "vision"),
        "vectors": {"capabilities": ["embedding"]},
        "old": {"model_info": {"gemma.context_length": 2_048}},
    }
    server.answers["/api/tags"] = {"models": [{"name": name} for name in details]}
    server.answers["/api/show"] = lambda body: details[body["model"]]
    await update(client, "ollama", url=server.root)
    told = await tried(client, "ollama")
    assert told["models"] == ["ollama/run", "ollama/old"]
    assert "deaf cannot call tools" in told["message"]
    found = await models(client)
    windows = {name: row["contextWindow"] for name, row in found.items()}
    assert windows == {"ollama/run": 16_384, "ollama/old": 2_048}
    # An old server does not say what its models can.
    assert (found["ollama/run"]["images"], "images" in found["ollama/old"]) == (True, False)


async def test_models_of_lm_studio_are_found_by_either_of_its_ways(
    client: Client, server: LocalServer
) -> None:
    await update(client, "lmstudio", url=server.root)
    server.answers["/v1/models"] = {"data": [{"id": "old", "max_model_len": 4_096}]}
    assert (await tried(client, "lmstudio"))["models"] == ["lmstudio/old"]
    server.answers["/api/v0/models"] = {
        "data": [
            {"id": "a/b", "type": "llm", "max_context_length": 32_768},
            {"id": "c", "type": "vlm", "max_context_length": 9_000, "loaded_context_length": 4_000},
            {"id": "nomic", "type": "embeddings"},
        ]
    }
    assert (await tried(client, "lmstudio"))["models"] == ["lmstudio/a/b", "lmstudio/c"]
    seeing = {name: row["images"] for name, row in (await models(client)).items()}
    assert seeing == {"lmstudio/a/b": False, "lmstudio/c": True}
    found = await models(client)
    assert found["lmstudio/a/b"]["group"] == "LM Studio"
    assert (found["lmstudio/a/b"]["contextWindow"], found["lmstudio/c"]["contextWindow"]) == (
        32_768,
        4_000,
    )


async def test_any_server_can_be_named_with_models_it_does_not_list(
    client: Client, server: LocalServer
) -> None:
    told = await tried(client, "custom-openai")
    assert "--runtime pi" in told["message"]
    await update(client, "custom-openai", runtime="pi")
    assert "--url URL" in (await tried(client, "custom-openai"))["message"]
    await update(client, "custom-openai", url=server.root, models=["by-hand"])
    server.answers["/v1/models"] = {"data": [{"id": "vllm", "max_model_len": 4_096}]}
    told = await tried(client, "custom-openai")
    assert told["models"] == ["custom-openai/vllm", "custom-openai/by-hand"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"/api/tags": 500}, "did not list its models"),
        ({"/api/tags": 401}, "backend set ollama --key"),
        ({"/api/tags": ["no", "object"]}, "not a list of models"),
        ({"/api/tags": {"models": [{"name": "a"}]}, "/api/show": 500}, "did not list its models"),
    ],
)
async def test_a_server_that_fails_is_told_in_a_sentence(
    client: Client, server: LocalServer, answers: Json, words: str
) -> None:
    server.answers = answers
    await update(client, "ollama", url=server.root)
    told = await tried(client, "ollama")
    assert (told.get("ok", False), words in told["message"]) == (False, True), told


async def test_nobody_is_there(client: Client) -> None:
    await update(client, "ollama", url=NOBODY)
    told = await tried(client, "ollama")
    assert NOBODY in told["message"]
    assert "Is Ollama running there?" in told["message"]


async def test_a_server_elsewhere_is_asked_through_the_proxy_of_the_client(client: Client) -> None:
    await update(client, "ollama", url="http://gpu.example:11434")
    for env, way in (
        ({"http_proxy": NOBODY}, f"through the proxy {NOBODY}"),
        ({"http_proxy": NOBODY, "NO_PROXY": "127.0.0.1,gpu.example"}, "cannot be reached: "),
        ({"http_proxy": "", "NO_PROXY": ""}, "cannot be reached: "),
    ):
        told = await client.call("backend/test", backend="ollama", env=env)
        assert (told["ok"], way in told["message"]) == (False, True), told["message"]


async def test_bug_31_servers_are_asked_at_once_and_a_slow_one_is_told_about(
    client: Client, server: LocalServer, puppets: Puppets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "SECONDS", 3)
    with LocalServer() as slow:
        slow.answers["/api/v0/models"] = slow.held
        await update(client, "ollama", url=server.root)
        await update(client, "lmstudio", url=slow.root)
        number = await client.post("model/refresh")
        puppet = await puppets.next()
        await puppet.greets()
        line = await puppet.hears("models")
        await trio.to_thread.run_sync(slow.wait_held, "answer")
        await puppet.answers(line, {"models": []})
        told = await client.result_of(number)
        slow.release("answer")
    assert "did not answer within 3 s" in told["trouble"]
    assert "ollama/library/llama3" in {row["id"] for row in told["models"]}


async def test_who_has_no_local_server_hears_nothing_of_it(
    client: Client, puppets: Puppets
) -> None:
    number = await client.post("model/refresh")
    puppet = await puppets.next()
    await puppet.greets()
    await puppet.answers(await puppet.hears("models"), {"models": []})
    assert not (await client.result_of(number)).get("trouble")


async def test_another_address_has_other_models(client: Client, server: LocalServer) -> None:
    await has_ollama(client, server)
    await update(client, "ollama", url=NOBODY)
    assert not (await rows(client))["ollama"].get("models")
    await update(client, "ollama", url="")
    assert (await rows(client))["ollama"]["url"] == KINDS["ollama"].url


# What is configured


@pytest.mark.parametrize(
    ("backend", "change", "path", "words"),
    [
        ("pi", {"url": "http://x"}, "$.url", "claudette provider"),
        ("pi", {"key": SECRET}, "$.key", "claudette provider"),
        ("codex-native", {"url": "http://x"}, "$.url", "claudette provider"),
        ("anthropic", {"key": SECRET}, "$.key", "its own program"),
        ("ollama", {"runtime": "codex"}, "$.runtime", "allowed: pi, claude"),
        ("ollama", {"url": "ftp://x"}, "$.url", "http://host:port"),
        ("ollama", {"url": "http://u:p@x"}, "$.url", "key"),
        ("ollama", {"url": "localhost:11434"}, "$.url", "http://host:port"),
        ("ollama", {"contextWindow": -1}, "$.contextWindow", "-1"),
    ],
)
async def test_what_a_backend_has_not_cannot_be_set(
    client: Client, backend: str, change: Json, path: str, words: str
) -> None:
    before = await rows(client)
    refused = await client.refused("backend/update", backend=backend, **change)
    assert (refused.name, refused.data["path"]) == ("InvalidParams", path)
    assert words in refused.message or path == "$.contextWindow"
    assert SECRET not in refused.message
    assert await rows(client) == before


async def test_the_default_runtime_is_no_choice(client: Client) -> None:
    assert (await update(client, "ollama", runtime="claude"))["runtime"] == "claude"
    assert (await update(client, "ollama", runtime="pi"))["runtime"] == "pi"
    stored = json.loads(_row("ollama"))
    assert "runtime" not in stored


def _row(backend: str) -> str:
    with sqlite3.connect(places.database_path()) as connection:
        key = (f"backend:{backend}",)
        (row,) = connection.execute("SELECT value FROM meta WHERE key = ?", key).fetchone()
    connection.close()
    return str(row)


async def test_backends_may_be_written_as_in_the_app(client: Client) -> None:
    assert (await update(client, "lm_studio", contextWindow=4_096))["id"] == "lmstudio"
    assert (await update(client, "custom_openai", runtime="pi"))["id"] == "custom-openai"


# Faults


async def test_backend_update_BackendUnknown(client: Client) -> None:
    refused = await client.refused("backend/update", backend="lmstudo", enabled=True)
    assert (refused.name, refused.data["nearest"]) == ("BackendUnknown", ["lmstudio"])


async def test_backend_test_BackendUnknown(client: Client) -> None:
    assert (await client.refused("backend/test", backend="x")).name == "BackendUnknown"


async def test_backend_update_StoreFull(client: Client) -> None:
    with full_disk():
        refused = await client.refused("backend/update", backend="ollama", enabled=False)
    assert refused.name == "StoreFull"
    assert (await rows(client))["ollama"].get("enabled", True)


async def test_backend_test_StoreFull(client: Client, server: LocalServer) -> None:
    await update(client, "ollama", url=server.root)
    with full_disk():
        assert (await client.refused("backend/test", backend="ollama")).name == "StoreFull"
    assert not (await rows(client))["ollama"].get("models")


async def test_backend_update_KeychainUnavailable(client: Client, no_keychain: None) -> None:
    refused = await client.refused("backend/update", backend="ollama", key=SECRET)
    assert refused.name == "KeychainUnavailable"
    assert not (await rows(client))["ollama"].get("hasKey")


async def test_backend_test_HarnessFailed(client: Client, puppets: Puppets) -> None:
    number = await client.post("backend/test", backend="pi")
    puppet = await puppets.next()
    await puppet.greets()
    await puppet.hears("models")
    await puppet.closes()
    assert (await client.reply(number))["error"]["data"]["name"] == "HarnessFailed"


async def test_backend_test_HarnessMissing(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(home.root / "nothing"))
    told = await tried(client, "pi")
    assert not told.get("ok")
    assert "CLAUDETTE_PI_HARNESS" in told["message"]
