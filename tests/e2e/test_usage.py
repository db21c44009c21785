"""Usage with the pinned Pi: what a provider bills, which key asks what is left, and the words."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trio

from tests.daemon.client import Client, Json
from tests.daemon.world import Chat, Daemon, Home
from tests.e2e.conftest import watched
from tests.fakes import keychain, local_server, openrouter
from tests.fakes.keychain import MemoryKeychain
from tests.fakes.model_server import ModelServer
from tests.fakes.openrouter import FORBIDDEN, OpenRouter
from tests.support.commands import Commands

SERVED = "openrouter/openai/gpt-4o-mini"


@pytest.fixture
def router(home: Home, model: ModelServer) -> Iterator[OpenRouter]:
    """From here on Pi's own provider `openrouter` leads there."""
    models = home.root / "agent/models.json"
    with OpenRouter(model.port, credits=FORBIDDEN, key=openrouter.key(3.0, 10.0, 7.0)) as made:
        config = json.loads(models.read_text())
        config["providers"]["openrouter"] = {"baseUrl": made.url}
        models.write_text(json.dumps(config))
        yield made


@pytest.fixture
async def client(home: Home, router: OpenRouter) -> AsyncIterator[Client]:
    with keychain.in_use(MemoryKeychain()):
        async with trio.open_nursery() as nursery:
            running = Daemon(home, nursery)
            await running.start()
            yield await running.client()
            await running.close()


def write_auth(home: Home, key: str) -> Path:
    path = home.root / "agent/auth.json"
    path.write_text(json.dumps({"openrouter": {"type": "api_key", "key": key}}))
    return path


async def new_chat(client: Client, home: Home, model: str) -> Chat:
    made = await client.call("chat/create", cwd=str(home.work), model=model)
    return await watched(client, made["chat"])


async def test_what_openrouter_bills_is_the_cost_of_the_turn(
    client: Client, home: Home, router: OpenRouter, model: ModelServer
) -> None:
    write_auth(home, "sk-auth")
    chat = await new_chat(client, home, SERVED)
    turn = await chat.turn("@usage 1000 50 @cost 0.0123 @text one")
    usage = turn["usage"]
    assert (usage["costUsd"], usage["costSource"]) == (0.0123, "provider")
    assert (usage["input"], usage["output"]) == (1000, 50)
    assert turn["durationMs"] > 0
    assert model.requests[-1].key == "sk-auth"
    told = await client.until(lambda: [f for f in client.told if f["method"] == "balance"])
    assert told[0]["params"]["balance"]["remainingUsd"] == 7.0
    turn = await chat.turn("@usage 1000 50 @text two")
    assert turn["usage"]["costSource"] == "catalogue"
    assert (await chat.get())["totals"]["costSource"] == "catalogue"
    failed = await chat.turn("@error 400 no")
    assert (failed["reason"], "usage" in failed) == ("failed", False)
    assert (await client.call("usage/get"))["total"]["turns"] == 2


async def test_a_machine_of_ones_own_sends_no_bill(client: Client, home: Home) -> None:
    with local_server.ollama(qwen3=131_072) as server:
        await client.call("backend/update", backend="ollama", url=server.root)
        chat = await new_chat(client, home, "ollama/qwen3")
        turn = await chat.turn("@usage 1000 50 @text one")
    assert turn["usage"] == {"input": 1000, "output": 50}
    paid = await new_chat(client, home, "fake/small")
    assert (await paid.turn("@usage 1000 50 @text one"))["usage"]["costUsd"] > 0
    told = (await client.call("usage/get"))["total"]
    assert (told["turns"], told["unpriced"]) == (2, 1)


async def test_bug_41_the_key_of_the_next_turn_asks_what_is_left(
    client: Client, home: Home, router: OpenRouter
) -> None:
    """What Pi stores goes before what is private, and that before the environment's."""

    async def asks() -> str:
        router.asked.clear()
        assert "trouble" not in await client.call("usage/refresh")
        assert [path for path, _ in router.asked] == ["/api/v1/credits", "/api/v1/key"]
        (key,) = {key for _, key in router.asked}
        return key

    await client.call("model/refresh")
    assert "balance" not in await client.call("usage/refresh")
    assert router.asked == []
    variables = {"OPENROUTER_API_KEY": "sk-env"}
    await client.call("provider/environment", variables=variables)
    assert await asks() == "sk-env"
    await client.call("provider/setKey", provider="openrouter", key="sk-private", private=True)
    assert await asks() == "sk-private"
    stored = write_auth(home, "sk-stored")
    assert await asks() == "sk-stored"
    write_auth(home, "$OTHER_NAME")
    variables |= {"OTHER_NAME": "sk-other"}
    stored.write_text("{}")
    assert await asks() == "sk-private"
    await client.call("provider/clearKey", provider="openrouter")
    assert await asks() == "sk-env"


def test_a_person_sees_what_was_used_and_what_is_left(
    home: Home, router: OpenRouter, model: ModelServer
) -> None:
    write_auth(home, "sk-auth")
    with Commands(home.work) as commands:
        chat = commands.new("--model", SERVED)
        said = "@usage 12000 340 @cost 0.05 @text hello"
        commands.run("send", chat, "-", "--wait", typed=said)
        other = commands.new("--model", "fake/small")
        commands.run("send", other, "-", "--wait", typed="@usage 1000 10 @text hello")
        lines = commands.run("usage").out.splitlines()
        assert lines[0].startswith("All chats   2 turns · 13k in, 350 out, ≈ $0.0510 · ")
        assert lines[1].startswith("Last 24 h   2 turns · 13k in")
        assert lines[2:] == ["OpenRouter  $7.00 left of $10.00, $3.00 used with this key"]
        lines = commands.run("usage", chat).out.splitlines()
        assert lines[0].startswith("This chat   1 turn · 12k in, 340 out, $0.0500 · ")
        told: Json = commands.run("usage", "--json").json
        assert told["balance"]["of"] == "key"
        router.answers = {"credits": (500, {})}
        assert "OpenRouter" not in commands.run("usage").out
        verbose = commands.run("usage", chat, "--verbose").out
        assert "12,000 tokens read afresh" in verbose
        assert "what the providers reported" in verbose
        assert "/credits answered 500" in verbose
        assert "sk-auth" not in verbose
    kept = [path.read_bytes() for path in (home.root / "data").rglob("*") if path.is_file()]
    assert any(b"no balance of openrouter" in file for file in kept)
    assert not any(b"sk-auth" in file for file in kept)


def test_who_sits_in_a_chat_sees_price_meter_and_balance(
    home: Home, router: OpenRouter, model: ModelServer
) -> None:
    write_auth(home, "sk-auth")
    with Commands(home.work) as commands:
        chat = commands.new("--model", SERVED)
        with commands.terminal("attach", chat) as terminal:
            terminal.shows("$7.00 left")
            terminal.enter("@usage 120000 20 @cost 0.5 @text hello")
            terminal.expect("120k in, 20 out, $0.5000")
            terminal.shows("▰▰▰▰▰▰▰▰")
            terminal.shows("critical")
            terminal.type("\x03")
            assert terminal.ended()[0] == 0
