"""Keys with the pinned Pi: where they are kept, who sees them, and which turn uses them."""

import json
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from tests.daemon.calls import bash
from tests.daemon.client import Client, Json
from tests.daemon.world import Chat, Daemon, Home
from tests.e2e.conftest import watched
from tests.fakes import keychain
from tests.fakes.keychain import MemoryKeychain
from tests.fakes.model_server import ModelServer

SECRET = f"sk-open-sesame-{uuid4().hex}"
"""No other process of the machine has it, as a test next to this one may."""
LOOK = """
env
for file in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do tr '\\0' '\\n' <$file; done
cat $(find {places} -type f)
echo looked
"""
"""Everywhere that a command of the same user can read."""


@pytest.fixture
def memory() -> Iterator[MemoryKeychain]:
    backend = MemoryKeychain()
    with keychain.in_use(backend):
        yield backend


@pytest.fixture
def agent(home: Home, model: ModelServer) -> Path:
    """Pi's own directory; its provider takes the key of a variable."""
    models = home.root / "agent/models.json"
    config = json.loads(models.read_text())
    config["providers"]["fake"]["apiKey"] = "$FAKE_API_KEY"
    models.write_text(json.dumps(config))
    return models.parent


@pytest.fixture
async def client(home: Home, agent: Path, memory: MemoryKeychain) -> AsyncIterator[Client]:
    async with trio.open_nursery() as nursery:
        running = Daemon(home, nursery)
        await running.start()
        yield await running.client()
        await running.close()


async def set_key(client: Client, key: str = SECRET, **params: Any) -> Json:
    return dict(await client.call("provider/setKey", provider="fake", key=key, **params))


async def new_chat(client: Client, home: Home, **params: Any) -> Chat:
    made = await client.call("chat/create", cwd=str(home.work), model="fake/small", **params)
    return await watched(client, made["chat"])


async def sidecars(client: Client) -> list[int]:
    told = (await client.call("process/list"))["processes"]
    return [process["pid"] for process in told if process["kind"] == "sidecar"]


async def test_a_shared_key_is_in_pis_own_file_and_is_used_by_a_turn(
    client: Client, home: Home, agent: Path, model: ModelServer
) -> None:
    told = await set_key(client)
    assert told["provider"]["source"] == "auth.json"
    stored = json.loads((agent / "auth.json").read_text())
    assert stored["fake"] == {"type": "api_key", "key": SECRET}
    assert stat.S_IMODE((agent / "auth.json").stat().st_mode) == 0o600
    chat = await new_chat(client, home)
    assert (await chat.turn("hello"))["reason"] == "done"
    assert model.requests[-1].key == SECRET


async def test_latent_L11_a_private_key_is_used_by_a_turn_and_found_by_no_command(
    client: Client, home: Home, agent: Path, model: ModelServer, memory: MemoryKeychain
) -> None:
    told = await set_key(client, private=True)
    assert told["provider"]["source"] == "private"
    assert list(memory.held.values()) == [SECRET]
    chat = await new_chat(client, home, level="full")
    script = LOOK.format(places=f"{home.root} {home.runtime}")
    (home.work / "look.sh").write_text(f"({script}) >seen 2>&1; echo looked\n")
    await chat.turn(f"{bash('sh look.sh')} @then @text done")
    assert model.requests[-1].key == SECRET
    assert await chat.texts() == ["done"]
    seen = (home.work / "seen").read_bytes()
    assert b"looked" in seen
    assert b"PI_CODING_AGENT_DIR" in seen  # of the sidecar
    assert SECRET.encode() not in seen


async def test_bug_59_a_change_is_used_by_the_next_turn_of_the_same_process(
    client: Client, home: Home, model: ModelServer
) -> None:
    await set_key(client, private=True)
    chat = await new_chat(client, home)
    await chat.turn("one")
    before = await sidecars(client)
    used = [model.requests[-1].key]
    for key, private in (("second", True), ("third", False), ("fourth", True)):
        await set_key(client, key, private=private)
        assert (await chat.turn("more"))["reason"] == "done"
        used.append(model.requests[-1].key)
    assert used == [SECRET, "second", "third", "fourth"]
    assert await sidecars(client) == before


async def test_bug_37_after_a_switch_one_place_alone_holds_the_key(
    client: Client, agent: Path, memory: MemoryKeychain
) -> None:
    await set_key(client, private=True)
    await set_key(client, "shared")
    assert memory.held == {}
    told = await set_key(client, private=True)
    assert (told["provider"]["source"], told["provider"].get("overrides", [])) == ("private", [])
    assert "fake" not in json.loads((agent / "auth.json").read_text())
    cleared = await client.call("provider/clearKey", provider="fake")
    assert not cleared["provider"].get("configured")
    assert memory.held == {}


async def test_a_private_key_is_told_from_the_variable_that_it_stands_in_for(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"FAKE_API_KEY": "from-the-shell"}
    told = await client.call("provider/environment", variables=variables)
    assert told["set"] == ["FAKE_API_KEY"]
    rows = (await client.call("provider/list"))["providers"]
    assert [row["source"] for row in rows if row["id"] == "fake"] == ["$FAKE_API_KEY"]
    row = (await set_key(client, private=True))["provider"]
    assert (row["source"], row["overrides"]) == ("private", ["$FAKE_API_KEY"])


async def test_latent_L07_a_broken_auth_file_is_an_error_and_loses_nothing(
    client: Client, agent: Path, memory: MemoryKeychain
) -> None:
    (agent / "auth.json").write_text('{"openai": {"type": "api_key", "key": "kept"')
    refused = await client.refused("provider/setKey", provider="fake", key=SECRET)
    assert refused.name == "AuthFileBroken"
    assert SECRET not in refused.message
    refused = await client.refused("provider/clearKey", provider="openai")
    assert refused.name == "AuthFileBroken"
    assert (agent / "auth.json").read_text() == '{"openai": {"type": "api_key", "key": "kept"'
    told = await set_key(client, private=True)
    assert "auth.json" in told["notes"][0]
    assert told["provider"]["source"] == "private"


async def test_latent_L07_a_locked_auth_file_is_an_error(client: Client, agent: Path) -> None:
    (agent / "auth.json").write_text("{}")
    (agent / "auth.json.lock").mkdir()
    refused = await client.refused("provider/setKey", provider="fake", key=SECRET)
    assert refused.name == "AuthFileBroken"
    assert "locked" in refused.message
    assert (agent / "auth.json").read_text() == "{}"
    (agent / "auth.json.lock").rmdir()


async def found(client: Client) -> list[str]:
    models = (await client.call("model/list"))["models"]
    return [model["id"] for model in models if model["provider"] == "fake"]


async def test_bug_35_the_models_of_a_private_key_are_found(client: Client) -> None:
    assert await found(client) == []
    await set_key(client, private=True)
    assert "fake/small" in await found(client)


async def test_latent_L19_what_was_just_set_or_cleared_is_listed_so(client: Client) -> None:
    async def source() -> str:
        rows = (await client.call("provider/list"))["providers"]
        return next(str(row.get("source", "")) for row in rows if row["id"] == "fake")

    seen = [await source()]
    await set_key(client)
    seen.append(await source())
    await set_key(client, private=True)
    seen.append(await source())
    await client.call("provider/clearKey", provider="fake")
    seen.append(await source())
    assert seen == ["", "auth.json", "private", ""]


async def test_what_a_provider_wants_beside_its_key_is_stored_with_it(
    client: Client, agent: Path
) -> None:
    params = {"provider": "cloudflare-ai-gateway", "key": SECRET}
    refused = await client.refused("provider/setKey", **params)
    assert "CLOUDFLARE_ACCOUNT_ID" in refused.message
    extra = {"CLOUDFLARE_ACCOUNT_ID": "a", "CLOUDFLARE_GATEWAY_ID": "g"}
    told = await client.call("provider/setKey", **params, extra=extra)
    assert told["provider"]["configured"]
    stored = json.loads((agent / "auth.json").read_text())["cloudflare-ai-gateway"]
    assert stored == {"type": "api_key", "key": SECRET, "env": extra}
