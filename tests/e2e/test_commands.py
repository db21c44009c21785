"""Pi's prompt templates and skills behind a slash, through the real Pi."""

import json
from pathlib import Path

import pytest

from tests.daemon.world import Chat, Home
from tests.fakes.model_server import ModelServer

pytestmark = pytest.mark.usefixtures("stage")


@pytest.fixture
def offered(home: Home, model: ModelServer) -> Path:
    """The user's own template and skill; the place of both."""
    agent = home.root / "agent"
    (agent / "prompts").mkdir()
    (agent / "prompts/hoist.md").write_text(
        "---\ndescription: Hoists a flag.\nargument-hint: <flag>\n---\nHoist the $1 flag.\n"
    )
    (agent / "skills/rig").mkdir(parents=True)
    (agent / "skills/rig/SKILL.md").write_text(
        "---\nname: rig\ndescription: How to rig a ship.\n---\nPull every rope.\n"
    )
    return agent


def asked_last(model: ModelServer) -> str:
    """What the model was asked by the user."""
    said = [message for message in model.requests[-1].messages if message["role"] == "user"]
    return json.dumps(said[-1]["content"])


async def test_a_template_and_a_skill_are_offered_and_expanded(
    offered: Path, chat: Chat, model: ModelServer
) -> None:
    listed = (await chat.call("command/list"))["commands"]
    commands = {command["name"]: command for command in listed}
    assert commands["/hoist"]["about"] == "Hoists a flag."
    assert commands["/hoist"]["arguments"] == "<flag>"
    assert commands["/skill:rig"]["about"] == "How to rig a ship."
    await chat.turn("/hoist red")
    assert "Hoist the red flag." in asked_last(model)
    assert "/hoist" not in asked_last(model)
    await chat.turn("/skill:rig the mast")
    assert "Pull every rope." in asked_last(model) and "the mast" in asked_last(model)
    await chat.turn("/hoist red", literal=True)
    assert "/hoist red" in asked_last(model)
    users = [item["text"] for item in await chat.items("user")]
    assert users == ["/hoist red", "/skill:rig the mast", "/hoist red"]


async def test_a_template_that_came_later_is_known_to_the_session_that_runs(
    offered: Path, chat: Chat, model: ModelServer
) -> None:
    await chat.turn("@text hello")
    (offered / "prompts/lower.md").write_text("Lower the $1 flag.\n")
    await chat.turn("/lower red")
    assert "Lower the red flag." in asked_last(model)


async def test_latent_L04_a_template_that_says_nothing_ends_its_turn(
    offered: Path, chat: Chat
) -> None:
    (offered / "prompts/mute.md").write_text("")
    turn = await chat.turn("/mute")
    assert turn["state"] == "ended"
    assert (await chat.turn("@text hello"))["reason"] == "done"


async def test_what_a_project_offers_is_a_command_once_it_is_trusted(
    home: Home, chat: Chat, model: ModelServer
) -> None:
    (home.work / ".pi/prompts").mkdir(parents=True)
    (home.work / ".pi/prompts/dock.md").write_text("Dock at $1.\n")
    assert (await chat.refused("turn/send", text="/dock pier")).name == "CommandUnknown"
    key = f"trust_project:{chat.made['workspace']}"
    await chat.client.call("setting/set", key=key, value="yes")
    await chat.turn("/dock pier")
    assert "Dock at pier." in asked_last(model)


async def test_bug_42_no_command_of_ours_reaches_the_model(chat: Chat, model: ModelServer) -> None:
    await chat.turn("@text hello there")
    await chat.client.call("model/refresh")
    for text in ("/permissions full", "/usage", "/model", "/help", "/title Ships", "/model small"):
        assert (await chat.call("turn/send", text=text))["state"] == "command"
    await chat.turn("@echo-history")
    told = json.dumps(model.requests[-1].messages)
    assert not [word for word in ("/permissions", "/usage", "/help", "/title") if word in told]
