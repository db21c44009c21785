"""Keys of providers: where they go, in which order, and what is told when a place refuses."""

import json
from collections.abc import Iterator

import keyring.backends.fail
import pytest

from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.control_sidecar import Agent, begun, fault
from tests.daemon.puppet import Puppets
from tests.daemon.test_models import row
from tests.daemon.world import Daemon, Home, full_disk
from tests.fakes import keychain
from tests.fakes.keychain import MemoryKeychain

SET = {"provider": "openai", "key": "sesame"}
CLEAR = {"provider": "openai"}
PRIVATE = {**SET, "private": True}


@pytest.fixture(autouse=True)
def memory() -> Iterator[MemoryKeychain]:
    """The machine's keychain; never a real one."""
    backend = MemoryKeychain()
    with keychain.in_use(backend):
        yield backend


async def test_a_key_is_stored_by_the_agent_itself_and_by_nobody_else(
    client: Client, puppets: Puppets, home: Home
) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", **SET)
    await agent.answers("providers")
    (stored,) = await agent.answers("store.key")
    await agent.answers("models")
    await agent.answers("providers")
    assert (stored["provider"], stored["key"]) == ("openai", "sesame")
    assert (await client.result_of(number)).get("notes", []) == []
    for path in (home.root / "data").rglob("*"):
        assert not path.is_file() or b"sesame" not in path.read_bytes(), path


async def test_bug_36_a_private_key_is_written_before_the_shared_one_is_cleared(
    client: Client, puppets: Puppets, memory: MemoryKeychain
) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", **PRIVATE)
    await agent.answers("providers")
    cleared = await agent.puppet.hears("clear.key")
    assert list(memory.held.values()) == ["sesame"]
    await agent.puppet.answers(cleared, {"cleared": True})
    handed = await agent.puppet.hears("credentials")
    assert handed["keys"] == {"OPENAI_API_KEY": "sesame"}
    await agent.answers("models")
    await agent.answers("providers")
    assert "error" not in await client.reply(number)


async def test_bug_37_a_shared_key_that_cannot_be_cleared_is_told(
    client: Client, puppets: Puppets, memory: MemoryKeychain
) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", **PRIVATE)
    agent.refusals["clear.key"] = ("AuthFileBroken", "It is locked.")
    for kind in ("providers", "clear.key", "models", "providers"):
        await agent.answers(kind)
    (note,) = (await client.result_of(number))["notes"]
    assert "It is locked." in note
    assert list(memory.held.values()) == ["sesame"]


async def test_bug_36_a_key_that_was_not_stored_leaves_the_private_one(
    client: Client, puppets: Puppets, memory: MemoryKeychain
) -> None:
    await _has_private(client, puppets)
    number = await client.post("provider/setKey", **SET | {"key": "other"})
    agent = Agent(await puppets.next())
    await agent.puppet.greets()
    agent.refusals["store.key"] = ("AuthFileBroken", "It is broken.")
    await agent.answers("providers")
    await agent.answers("store.key")
    assert (await fault(client, number))["data"]["name"] == "AuthFileBroken"
    assert list(memory.held.values()) == ["sesame"]


async def _has_private(client: Client, puppets: Puppets) -> None:
    """Stores one, and has the process that was asked end."""
    number, agent = await begun(client, puppets, "provider/setKey", **PRIVATE)
    for kind in ("providers", "clear.key", "models", "providers"):
        await agent.answers(kind)
    await client.result_of(number)
    number = await client.post("provider/list")
    await agent.puppet.hears("providers")
    await agent.puppet.closes()
    await fault(client, number)


async def test_bug_35_a_keychain_that_cannot_be_read_is_told(
    daemon: Daemon, client: Client, puppets: Puppets, memory: MemoryKeychain
) -> None:
    await _has_private(client, puppets)
    await daemon.restart()
    memory.locked = True
    _, agent = await begun(await daemon.client(), puppets, "model/refresh")
    await agent.puppet.says("credentials.wanted")
    handed = await agent.puppet.hears("credentials")
    assert handed.get("keys", {}) == {}
    assert "Private keys cannot be read" in handed["trouble"]


async def test_latent_L20_a_private_key_is_seen_as_one_and_can_be_removed(
    client: Client, puppets: Puppets, memory: MemoryKeychain
) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", **PRIVATE)
    for kind in ("providers", "clear.key", "models"):
        await agent.answers(kind)
    agent.row["origins"] = [{"kind": "private", "name": "OPENAI_API_KEY"}]
    await agent.answers("providers")
    assert (await client.result_of(number))["provider"]["source"] == "private"
    number = await client.post("provider/clearKey", **CLEAR)
    for kind in ("providers", "clear.key"):
        await agent.answers(kind)
    while (handed := await agent.puppet.hears("credentials")).get("keys"):
        continue
    assert handed.get("keys", {}) == {}
    for kind in ("models", "providers"):
        await agent.answers(kind)
    await client.result_of(number)
    assert memory.held == {}


async def test_an_empty_key_and_a_strange_extra_are_refused(
    client: Client, puppets: Puppets
) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", provider="openai", key=" ")
    await agent.answers("providers")
    assert (await fault(client, number))["data"]["path"] == "$.key"
    number = await client.post("provider/setKey", **SET, extra={"PATH": "/evil"})
    await agent.answers("providers")
    assert (await fault(client, number))["data"]["path"] == "$.extra"


async def test_running_sidecars_are_told_of_a_change(
    client: Client, puppets: Puppets, new_chat: NewChat
) -> None:
    chat = await new_chat()
    await chat.send("hello")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    number, agent = await begun(client, puppets, "provider/setKey", **PRIVATE)
    for kind in ("providers", "clear.key", "models", "providers"):
        await agent.answers(kind)
    await client.result_of(number)
    assert (await puppet.hears("credentials"))["keys"] == {"OPENAI_API_KEY": "sesame"}


async def test_a_sidecar_that_wants_credentials_is_answered_also_by_the_next_daemon(
    daemon: Daemon, client: Client, puppets: Puppets, new_chat: NewChat
) -> None:
    chat = await new_chat()
    await chat.send("hello")
    puppet = await puppets.next()
    await puppet.greets()
    await puppet.says("credentials.wanted")
    await puppet.hears("credentials")
    await daemon.restart()
    await puppet.hears("credentials")


async def test_the_shells_variables_are_taken_and_their_values_never_told(
    client: Client, puppets: Puppets
) -> None:
    wanted = {"OPENAI_API_KEY": "sesame", "OPENAI_REGION": "eu"}
    variables = {**wanted, "HOME": "/evil"}
    number, agent = await begun(client, puppets, "provider/environment", variables=variables)
    agent.row = {**agent.row, "settings": ["OPENAI_REGION"]}
    await agent.answers("providers")
    assert (await agent.puppet.hears("credentials"))["shell"] == wanted
    await agent.answers("models")
    await agent.answers("providers")
    told = await client.result_of(number)
    assert told["set"] == ["OPENAI_API_KEY", "OPENAI_REGION"]
    assert "sesame" not in json.dumps(told)


async def _refused_by_agent(
    client: Client, puppets: Puppets, method: str, params: Json, kind: str
) -> None:
    number, agent = await begun(client, puppets, method, **params)
    agent.refusals[kind] = ("AuthFileBroken", "It is broken.")
    await agent.answers("providers")
    await agent.answers(kind)
    assert (await fault(client, number))["data"] == {"name": "AuthFileBroken", "path": "/auth.json"}


async def _unknown(client: Client, puppets: Puppets, method: str, params: Json) -> None:
    number, agent = await begun(client, puppets, method, **params | {"provider": "opnai"})
    await agent.answers("providers")
    data = (await fault(client, number))["data"]
    assert data == {"name": "ProviderUnknown", "provider": "opnai", "nearest": ["openai"]}


async def _failed(client: Client, puppets: Puppets, method: str, params: Json) -> None:
    number, agent = await begun(client, puppets, method, **params)
    await agent.puppet.hears("providers")
    await agent.puppet.closes()
    assert (await fault(client, number))["data"]["name"] == "HarnessFailed"


async def _missing(
    client: Client, home: Home, patch: pytest.MonkeyPatch, method: str, params: Json
) -> None:
    patch.setenv("CLAUDETTE_PI_HARNESS", str(home.root / "nothing"))
    assert (await client.refused(method, **params)).name == "HarnessMissing"


async def test_provider_setKey_ProviderUnknown(client: Client, puppets: Puppets) -> None:
    await _unknown(client, puppets, "provider/setKey", SET)


async def test_provider_setKey_AuthFileBroken(client: Client, puppets: Puppets) -> None:
    await _refused_by_agent(client, puppets, "provider/setKey", SET, "store.key")


async def test_provider_setKey_KeychainUnavailable(client: Client, puppets: Puppets) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", **PRIVATE)
    with keychain.in_use(keyring.backends.fail.Keyring()):
        await agent.answers("providers")
        refused = await fault(client, number)
    assert refused["data"]["name"] == "KeychainUnavailable"
    assert "private_keys file" in refused["message"]
    await client.call("setting/set", key="private_keys", value="file")
    number = await client.post("provider/setKey", **PRIVATE)
    for kind in ("providers", "clear.key", "models", "providers"):
        await agent.answers(kind)
    assert "error" not in await client.reply(number)


async def test_provider_setKey_StoreFull(client: Client, puppets: Puppets) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", **PRIVATE)
    with full_disk():
        await agent.answers("providers")
        assert (await fault(client, number))["data"]["name"] == "StoreFull"


async def test_a_key_that_is_stored_is_not_refused_because_its_models_are_not(
    client: Client, puppets: Puppets
) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", **SET)
    with full_disk():
        await agent.answers("providers")
        await agent.answers("store.key")
        asked = await agent.puppet.hears("models")
        await agent.puppet.answers(asked, {"models": [row("gpt", "openai")]})
        await agent.answers("providers")
        told = await client.result_of(number)
    (note,) = told["notes"]
    assert note.startswith("The models were not looked up: Could not write")


async def test_provider_setKey_HarnessFailed(client: Client, puppets: Puppets) -> None:
    await _failed(client, puppets, "provider/setKey", SET)


async def test_provider_setKey_HarnessMissing(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _missing(client, home, monkeypatch, "provider/setKey", SET)


async def test_provider_clearKey_ProviderUnknown(client: Client, puppets: Puppets) -> None:
    await _unknown(client, puppets, "provider/clearKey", CLEAR)


async def test_provider_clearKey_AuthFileBroken(client: Client, puppets: Puppets) -> None:
    await _refused_by_agent(client, puppets, "provider/clearKey", CLEAR, "clear.key")


async def test_provider_clearKey_KeychainUnavailable(
    client: Client, puppets: Puppets, memory: MemoryKeychain
) -> None:
    await _has_private(client, puppets)
    memory.locked = True
    for origins, what in (([], "error"), ([{"kind": "auth.json"}], "result")):
        number, agent = await begun(client, puppets, "provider/clearKey", **CLEAR)
        agent.row["origins"] = [*origins, {"kind": "private", "name": "OPENAI_API_KEY"}]
        await agent.answers("providers")
        await agent.answers("clear.key")
        if what == "error":
            assert (await fault(client, number))["data"]["name"] == "KeychainUnavailable"
        else:
            await agent.answers("models")
            await agent.answers("providers")
            (note,) = (await client.result_of(number))["notes"]
            assert "still there" in note
        number = await client.post("provider/list")
        await agent.puppet.hears("providers")
        await agent.puppet.closes()
        await fault(client, number)


async def test_provider_clearKey_StoreFull(client: Client, puppets: Puppets) -> None:
    await _has_private(client, puppets)
    number, agent = await begun(client, puppets, "provider/clearKey", **CLEAR)
    with full_disk():
        await agent.answers("providers")
        await agent.answers("clear.key")
        assert (await fault(client, number))["data"]["name"] == "StoreFull"


async def test_provider_clearKey_HarnessFailed(client: Client, puppets: Puppets) -> None:
    await _failed(client, puppets, "provider/clearKey", CLEAR)


async def test_provider_clearKey_HarnessMissing(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _missing(client, home, monkeypatch, "provider/clearKey", CLEAR)


async def test_provider_environment_HarnessFailed(client: Client, puppets: Puppets) -> None:
    await _failed(client, puppets, "provider/environment", {"variables": {}})


async def test_provider_environment_HarnessMissing(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _missing(client, home, monkeypatch, "provider/environment", {"variables": {}})


async def test_provider_environment_StoreFull(client: Client, puppets: Puppets) -> None:
    number, agent = await begun(client, puppets, "provider/environment", variables={})
    await agent.answers("providers")
    asked = await agent.puppet.hears("models")
    with full_disk():
        row = {"id": "openai/a", "provider": "openai", "name": "A"}
        await agent.puppet.answers(asked, {"models": [row]})
        assert (await fault(client, number))["data"]["name"] == "StoreFull"


async def _with_a_private_key(client: Client, puppets: Puppets) -> None:
    number, agent = await begun(client, puppets, "provider/setKey", **PRIVATE)
    for kind in ("providers", "clear.key", "models", "providers"):
        await agent.answers(kind)
    assert "error" not in await client.reply(number)


async def test_private_keys_go_where_the_setting_says(
    client: Client, puppets: Puppets, memory: MemoryKeychain, home: Home
) -> None:
    await _with_a_private_key(client, puppets)
    told = await client.call("setting/set", key="private_keys", value="file")
    assert "note" not in told
    kept = home.root / "data/private_keys.json"
    assert memory.held == {}
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == (
        '{"OPENAI_API_KEY": "sesame"}',
        0o600,
    )
    assert "note" not in await client.call("setting/set", key="private_keys", value=None)
    assert list(memory.held.values()) == ["sesame"]
    assert kept.read_text() == "{}"


async def test_a_private_key_that_cannot_move_is_named(
    client: Client, puppets: Puppets, memory: MemoryKeychain, home: Home
) -> None:
    await _with_a_private_key(client, puppets)
    memory.locked = True
    told = await client.call("setting/set", key="private_keys", value="file")
    assert told["setting"]["value"] == "file"
    assert "(keychain): OPENAI_API_KEY." in told["note"] and "unlock it" in told["note"]
    assert "sesame" not in told["note"]
    assert list(memory.held.values()) == ["sesame"]
    memory.locked = False
    for value in (None, "file"):
        assert "note" not in await client.call("setting/set", key="private_keys", value=value)
    assert memory.held == {}
