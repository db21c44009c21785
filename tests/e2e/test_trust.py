"""What a project brings for its agent is used when a person trusts it, and its code never."""

import json
from pathlib import Path

import pytest

from tests.daemon.client import Json
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import Connect, watched
from tests.fakes.model_server import ModelServer

TOLD = "Answer like a pirate."


@pytest.fixture
def ran(home: Home) -> Path:
    """Instructions, and code that would leave a trace."""
    place = home.work / ".pi"
    for name in ("prompts", "extensions", "skills/rig"):
        (place / name).mkdir(parents=True)
    (place / "SYSTEM.md").write_text(TOLD)
    (place / "prompts/hoist.md").write_text("Hoist the $1 flag.\n")
    (place / "skills/rig/SKILL.md").write_text(
        "---\nname: rig\ndescription: How to rig a ship.\n---\nRig it.\n"
    )
    trace = json.dumps(str(home.root / "ran"))
    code = f"require('fs').appendFileSync({trace}, 'x'); export default () => {{}};"
    (place / "extensions/evil.ts").write_text(code)
    serve = {"command": "/bin/sh", "args": ["-c", f"echo mcp >> {trace}"]}
    (place / "mcp.json").write_text(json.dumps({"mcpServers": {"evil": serve}}))
    settings = {"extensions": ["./extensions/evil.ts"], "packages": ["npm:no-such-package"]}
    (place / "settings.json").write_text(json.dumps(settings))
    return home.root / "ran"


@pytest.fixture
async def chat(ran: Path, connected: Connect, home: Home) -> Chat:
    return await fresh(connected, home)


def left(place: Path) -> bool:
    """Whether something came to be there."""
    return place.exists()


async def asked(chat: Chat) -> Json:
    (question,) = (await chat.call("question/list"))["questions"]
    return dict(question)


def last_request(model: ModelServer) -> str:
    return json.dumps(model.requests[-1].messages)


async def fresh(connected: Connect, home: Home) -> Chat:
    client = await connected()
    made = await client.call("chat/create", cwd=str(home.work), model="fake/small")
    return await watched(client, made["chat"])


async def test_a_project_is_trusted_after_a_yes_and_its_code_still_does_not_run(
    chat: Chat, connected: Connect, home: Home, model: ModelServer, ran: Path
) -> None:
    await chat.turn("@text before")
    assert TOLD not in last_request(model) and "rig a ship" not in last_request(model)
    question = await asked(chat)
    assert ".pi/SYSTEM.md, .pi/prompts, .pi/skills" in question["about"]
    await chat.client.call("question/answer", questionId=question["id"], value="yes")
    assert (await chat.turn("@text after"))["reason"] == "done"
    assert TOLD in last_request(model) and "rig a ship" in last_request(model)

    other = await fresh(connected, home)
    await other.turn("@text at once")
    assert TOLD in last_request(model)
    assert (await other.call("question/list")).get("questions", []) == []
    assert not left(ran)
    assert not left(home.root / "agent/trust.json")


async def test_the_calls_of_a_trusted_project_are_still_asked_about(chat: Chat, ran: Path) -> None:
    await chat.turn("@text before")
    question = await asked(chat)
    await chat.client.call("question/answer", questionId=question["id"], value="yes")
    turn = await chat.send('@tool bash {"command": "touch made"} @then @text done')
    (permission,) = await chat.asked()
    await chat.decide(permission, "deny")
    assert (await chat.ended(turn))["reason"] == "done"
    assert len(chat.events("permission/opened")) == 1


async def test_a_project_with_code_alone_is_nothing_to_ask_about(
    connected: Connect, home: Home, ran: Path
) -> None:
    for name in ("SYSTEM.md", "prompts/hoist.md", "skills/rig/SKILL.md"):
        (home.work / ".pi" / name).unlink()
    for name in ("prompts", "skills/rig", "skills"):
        (home.work / ".pi" / name).rmdir()
    chat = await fresh(connected, home)
    await chat.turn("@text hello")
    assert (await chat.call("question/list")).get("questions", []) == []
    assert not left(ran)


async def test_trust_that_is_taken_back_is_gone_from_the_next_turn(
    chat: Chat, model: ModelServer, ran: Path
) -> None:
    await chat.turn("@text before")
    question = await asked(chat)
    await chat.client.call("question/answer", questionId=question["id"], value="yes")
    await chat.turn("@text trusted")
    assert TOLD in last_request(model)
    key = f"trust_project:{chat.made['workspace']}"
    await chat.client.call("setting/set", key=key, value="no")
    await chat.turn("@text revoked")
    assert TOLD not in json.dumps(model.requests[-1].messages[:1])
