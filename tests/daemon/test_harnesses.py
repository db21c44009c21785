"""A second harness: chosen by the runtime of a backend, with what it can and cannot do shown."""

import os
from collections.abc import Iterator

import pytest

from claudetted.chat import parking
from claudetted.harnesses import registry
from claudetted.harnesses.harness import Harness
from claudetted.protocol.harnesses import Capabilities
from claudetted.sidecar.environment import Launch, sidecar_environment
from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.local_models import has_ollama, update
from tests.daemon.world import Chat, Home
from tests.fakes.launcher import write_adapter_launcher
from tests.fakes.local_server import LocalServer

FOREIGN = "claude"


@pytest.fixture(autouse=True)
def second(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A build that has it; its record promises more than its process does."""
    program = write_adapter_launcher(home.root / "second-harness")
    harness = Harness(
        FOREIGN,
        "Second",
        lambda chat, env, _daemon: Launch([os.fspath(program)], sidecar_environment(env, chat)),
        Capabilities(thinking=False),
        tested="1.0",
        sign_in="second login",
    )
    monkeypatch.setitem(registry.HARNESSES, FOREIGN, harness)
    yield


@pytest.fixture
async def foreign(client: Client, server: LocalServer, new_chat: NewChat) -> Chat:
    """A chat whose backend runs with the second harness."""
    await has_ollama(client, server)
    await update(client, "ollama", runtime=FOREIGN)
    chat = await new_chat(model="ollama/qwen3.5")
    assert (chat.made["harness"], chat.made["backend"]) == (FOREIGN, "ollama")
    return chat


async def test_the_kinds_of_agents_are_listed(client: Client) -> None:
    listed = (await client.call("harness/list"))["harnesses"]
    known = {row["id"]: row for row in listed}
    assert next(iter(known)) == "pi"
    assert "missing" not in known["pi"]
    row = known[FOREIGN]
    assert (row["name"], row["tested"], row["signIn"]) == ("Second", "1.0", "second login")
    assert row["capabilities"] == {"thinking": False}


async def test_the_runtime_of_a_backend_chooses_the_agent(foreign: Chat) -> None:
    turn = await foreign.turn("hello")
    assert turn["reason"] == "done"
    shown = await foreign.get()
    assert shown["modelUsed"] == "ollama/qwen3.5"
    info = (await foreign.snapshot())["sidecar"]
    assert (info["harness"], info["agentVersion"]) == (FOREIGN, "1.0-scripted")


async def test_its_process_says_what_it_cannot_do(foreign: Chat) -> None:
    await foreign.turn("hello")
    told = (await foreign.get())["capabilities"]
    assert told == {"steer": False, "compact": False, "images": True}


async def test_a_call_of_it_asks_like_any_other(foreign: Chat, home: Home) -> None:
    turn = await foreign.send('@tool bash {"command": "echo done > made"}')
    [permission] = await foreign.asked()
    assert permission["request"]["command"] == "echo done > made"
    await foreign.decide(permission, "allow")
    await foreign.ended(turn)
    assert (home.work / "made").read_text() == "done\n"


async def test_an_agent_is_named_for_a_chat(client: Client, home: Home) -> None:
    made = await client.call("chat/create", cwd=str(home.work), harness=FOREIGN)
    assert (made["chat"]["harness"], made["chat"]["backend"]) == (FOREIGN, "anthropic")


async def test_chat_create_NotSupported(client: Client, home: Home) -> None:
    refused = await client.refused(
        "chat/create", cwd=str(home.work), harness=FOREIGN, backend="codex-native"
    )
    assert refused.name == "NotSupported"
    assert "Codex Native runs with Codex app-server or Pi" in refused.message


async def test_chat_compact_HarnessMissing(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", "/nowhere")
    refused = await chat.refused("chat/compact")
    assert (refused.name, refused.data["harness"]) == ("HarnessMissing", "pi")


async def test_queue_resume_HarnessMissing(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", "/nowhere")
    refused = await chat.refused("queue/resume")
    assert (refused.name, refused.data["harness"]) == ("HarnessMissing", "pi")


async def test_turn_send_NotSupported(foreign: Chat) -> None:
    await foreign.turn("hello")
    refused = await foreign.refused("turn/send", text="and now", when="steer")
    assert (refused.name, refused.data["capability"]) == ("NotSupported", "steer")
    assert "next turn" in refused.message


async def test_chat_compact_NotSupported(foreign: Chat) -> None:
    await foreign.turn("hello")
    refused = await foreign.refused("chat/compact")
    assert (refused.name, refused.data["capability"]) == ("NotSupported", "compact")


async def test_chat_configure_NotSupported(foreign: Chat) -> None:
    refused = await foreign.refused("chat/configure", backend="codex-native", model="gpt")
    assert (refused.name, refused.data["capability"]) == ("NotSupported", "models")
    assert "Begin another chat" in refused.message


async def test_an_agent_that_did_not_start_yet_is_known_by_its_record(new_chat: NewChat) -> None:
    chat = await new_chat(harness=FOREIGN)
    quiet = await chat.refused("chat/configure", thinking="high")
    assert (quiet.name, quiet.data["capability"]) == ("NotSupported", "thinking")


@pytest.fixture
def parks_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has to come in front of what starts a daemon: it sleeps as long as was set then."""
    monkeypatch.setattr(parking, "LOOK_SECONDS", 0.05)


async def test_its_own_program_is_no_job_and_ends_with_its_chat_idle(
    parks_soon: None, foreign: Chat
) -> None:
    await foreign.turn("hello")
    listed = (await foreign.call("process/list"))["processes"]
    assert [process["kind"] for process in listed] == ["sidecar", "sidecar"]
    assert listed[1]["why"] == "The agent's own program, or a server that it keeps for itself."
    assert (await foreign.call("process/end")).get("ended", []) == []
    await foreign.client.call("setting/set", key="park_after_minutes", value=0.001)
    assert (await foreign.event("sidecar/stopped"))["why"] == "The agent was idle."
