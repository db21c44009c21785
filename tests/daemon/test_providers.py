"""Providers: what the control sidecar is asked, and what becomes of it."""

import json
from pathlib import Path

import pytest

from claudetted.providers import control
from tests.daemon.client import Client
from tests.daemon.control_sidecar import ROW
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Daemon, Home


async def lists(client: Client, puppets: Puppets) -> tuple[int, Puppet]:
    """A request for the list, and the sidecar that was started for it."""
    number = await client.post("provider/list")
    puppet = await puppets.next()
    await puppet.greets()
    return number, puppet


async def test_the_list_is_asked_of_a_process_without_a_chat(
    client: Client, puppets: Puppets
) -> None:
    number, puppet = await lists(client, puppets)
    asked = await puppet.hears("providers")
    await puppet.answers(asked, {"providers": [ROW], "trouble": "models.json is broken"})
    told = await client.result_of(number)
    assert [one["id"] for one in told["providers"]] == ["openai"]
    assert told["trouble"] == "models.json is broken"
    assert (await client.call("chat/list")).get("chats", []) == []


async def test_one_process_answers_several_at_once(client: Client, puppets: Puppets) -> None:
    first, puppet = await lists(client, puppets)
    second = await client.post("provider/list")
    one, two = await puppet.hears("providers"), await puppet.hears("providers")
    await puppet.answers(two, {"providers": [ROW, {**ROW, "id": "xai"}]})
    await puppet.answers(one, {"providers": [ROW]})
    assert len((await client.result_of(first))["providers"]) == 1
    assert len((await client.result_of(second))["providers"]) == 2


async def test_a_long_answer_comes_in_parts(client: Client, puppets: Puppets) -> None:
    number, puppet = await lists(client, puppets)
    asked = await puppet.hears("providers")
    whole = json.dumps({"type": "reply", "id": asked["id"], "result": {"trouble": "long"}})
    await puppet.says("part", text=whole[:20])
    await puppet.says("part", text=whole[20:], last=True)
    assert (await client.result_of(number))["trouble"] == "long"


async def test_an_idle_process_is_ended_and_the_next_request_has_another(
    client: Client, puppets: Puppets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "IDLE_SECONDS", 0.0)
    for _ in range(2):
        number, puppet = await lists(client, puppets)
        await puppet.answers(await puppet.hears("providers"), {"providers": [ROW]})
        await client.result_of(number)
        with pytest.raises(EOFError):
            await puppet.hears("nothing")


async def test_bug_22_providers_and_models_are_looked_up_in_no_workspace(
    client: Client, home: Home
) -> None:
    home.harness.write_text(f"#!/bin/sh\npwd -P > {home.root}/place\n")
    await client.refused("model/refresh")
    place = Path((home.root / "place").read_text().strip())
    assert place == (home.root / "data").resolve()


async def test_it_runs_in_the_environment_of_the_login_shell(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One that reads profiles, unlike the one of the tests. The daemon asks it when first wanted.
    monkeypatch.setenv("SHELL", "/bin/sh")
    profile = "export XAI_API_KEY=of-the-profile CLAUDE_CODE_OAUTH_TOKEN=of-claude\n"
    (home.root / "home/.profile").write_text(profile)
    home.harness.write_text(f"#!/bin/sh\nenv > {home.root}/env\n")
    await client.refused("provider/list")
    env = (home.root / "env").read_text()
    assert "XAI_API_KEY=of-the-profile\n" in env
    assert "of-claude" not in env
    assert "CLAUDETTED_CHAT" not in env


async def test_the_process_does_not_outlive_the_daemon(
    daemon: Daemon, client: Client, puppets: Puppets
) -> None:
    _, puppet = await lists(client, puppets)
    await puppet.hears("providers")
    await daemon.stop()
    with pytest.raises(EOFError):
        await puppet.hears("nothing")
    await daemon.start()


async def test_provider_list_HarnessFailed(client: Client, puppets: Puppets) -> None:
    number, puppet = await lists(client, puppets)
    await puppet.hears("providers")
    await puppet.closes()
    refused = (await client.reply(number))["error"]
    assert refused["data"]["name"] == "HarnessFailed"
    assert "exit code 7" in refused["message"]
    number, puppet = await lists(client, puppets)
    await puppet.refuses(await puppet.hears("providers"), "HarnessFailed", "It cannot.")
    assert (await client.reply(number))["error"]["message"] == "It cannot."


async def test_provider_list_HarnessMissing(
    client: Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(home.root / "nothing"))
    refused = await client.refused("provider/list")
    assert refused.name == "HarnessMissing"
