"""What a project brings for its agent is used when a person trusts it, and its code never."""

import json
from pathlib import Path

import pytest

from tests.daemon.client import Json
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import Connect, watched
from tests.fakes.model_server import ModelServer

TOLD = "Answer like a pirate."


pytestmark = pytest.mark.usefixtures("stage")


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


async def test_a_command_of_a_project_names_the_trust_that_it_waits_for(
    chat: Chat, home: Home
) -> None:
    await chat.turn("@text before")
    question = await asked(chat)
    refused = await chat.refused("turn/send", text="/hoist black")
    assert refused.name == "CommandUnknown"
    assert f"answer the question {question['id']}" in refused.message
    assert f"claudette trust grant {home.work}" in refused.message
    assert "no command /hoits" in (await chat.refused("turn/send", text="/hoits")).message
    assert (await chat.call("turn/send", text="2"))["text"].endswith("? Yes")
    assert (await chat.turn("/hoist black"))["reason"] == "done"


def instructed(home: Home) -> None:
    """Instruction files of the project, of the directory above it, and the user's own."""
    (home.work / "AGENTS.md").write_text("Say ahoy.\n")
    (home.work.parent / "CLAUDE.md").write_text("Say avast.\n")
    (home.root / "agent/AGENTS.md").write_text("Say please.\n")


def used(model: ModelServer) -> list[str]:
    """The words of the instruction files that reached the model with the last request."""
    told = json.dumps(model.requests[-1].messages[:1])
    return [word for word in ("ahoy", "avast", "please") if f"Say {word}." in told]


async def test_the_question_of_trust_says_what_is_used_before_the_answer(
    ran: Path, connected: Connect, home: Home, model: ModelServer
) -> None:
    instructed(home)
    chat = await fresh(connected, home)
    await chat.turn("@text before")
    assert used(model) == ["ahoy", "avast", "please"]
    assert (await asked(chat))["about"] == (
        "Not used until you say Yes: .pi/SYSTEM.md, .pi/prompts, .pi/skills. Used now, until you "
        f"say No: {home.work.parent}/CLAUDE.md, AGENTS.md. Never used: extensions and servers of a "
        "project."
    )


async def test_a_no_leaves_the_instruction_files_of_a_project_aside(
    ran: Path, connected: Connect, home: Home, model: ModelServer
) -> None:
    instructed(home)
    chat = await fresh(connected, home)
    await chat.turn("@text before")
    question = await asked(chat)
    await chat.client.call("question/answer", questionId=question["id"], value="no")
    await chat.turn("@text after")
    assert used(model) == ["please"]

    other = await fresh(connected, home)
    await other.turn("@text at once")
    assert used(model) == ["please"]

    key = f"trust_project:{chat.made['workspace']}"
    await chat.client.call("setting/set", key=key, value=None)
    await chat.turn("@text forgotten")
    assert used(model) == ["ahoy", "avast", "please"]
    await chat.client.call("setting/set", key=key, value="yes")
    await chat.turn("@text trusted")
    assert used(model) == ["ahoy", "avast", "please"] and TOLD in last_request(model)


async def test_a_question_of_trust_says_when_there_are_no_instruction_files(chat: Chat) -> None:
    await chat.turn("@text before")
    assert (
        "AGENTS.md and CLAUDE.md would be used until you say No; there is none now."
        in (await asked(chat))["about"]
    )


async def test_a_no_for_all_projects_leaves_their_instruction_files_aside(
    connected: Connect, home: Home, model: ModelServer
) -> None:
    instructed(home)
    client = await connected()
    await client.call("setting/set", key="trust_project", value="no")
    chat = await fresh(connected, home)
    await chat.turn("@text hello")
    await client.call("setting/set", key="trust_project", value=None)
    assert used(model) == ["please"]
