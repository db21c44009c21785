"""What the user's own files have the real Claude Code run, which no card has shown."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudetted.harnesses.claude.invocation import PROGRAM
from tests.daemon.calls import bash
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import Connect, watched
from tests.fakes import claude_code
from tests.fakes.messages_model import MessagesModel
from tests.support import agents
from tests.support.daemon import RunningDaemon

SKILL = """---
name: rig
description: How to rig a ship.
allowed-tools: Bash(touch:*)
---
Rig it: !`touch made`
"""


@pytest.fixture
def served() -> Iterator[MessagesModel]:
    with claude_code.model() as model:
        yield model


@pytest.fixture
def daemon(home: Home) -> Iterator[RunningDaemon]:
    program = os.fspath(agents.program("claude"))
    with RunningDaemon(home.root / "daemon.txt", **{PROGRAM: program}) as running:
        yield running


@pytest.fixture
def own(home: Home) -> Path:
    """The user's directory of Claude Code, with a skill whose text has a command in it."""
    place = home.root / "own"
    (place / "skills/rig").mkdir(parents=True)
    (place / "skills/rig/SKILL.md").write_text(SKILL)
    return place


@pytest.fixture
async def chat(connected: Connect, home: Home, served: MessagesModel, own: Path) -> Chat:
    client = await connected()
    env = claude_code.environment(agents.program("claude"), served.base_url)
    env["CLAUDE_CONFIG_DIR"] = str(own)
    made = await client.call("chat/create", cwd=str(home.work), harness="claude", env=env)
    return await watched(client, made["chat"])


async def test_the_card_of_a_skill_lets_none_of_its_commands_run(
    chat: Chat, home: Home, served: MessagesModel
) -> None:
    turn = await chat.send('@tool Skill {"skill": "rig"} @then @text done')
    [card] = await chat.asked()
    await chat.decide(card, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert any("Rig it" in str(request.messages) for request in served.requests)
    assert "made" not in os.listdir(home.work)


async def test_a_skill_that_is_typed_runs_none_of_its_commands_unasked(
    chat: Chat, home: Home, served: MessagesModel
) -> None:
    assert (await chat.turn("@text before"))["reason"] == "done"
    assert (await chat.turn("/rig @text done"))["reason"] == "done"
    assert any("Rig it" in str(request.messages) for request in served.requests)
    assert "made" not in os.listdir(home.work)


# Hooks that answer in place of a person

MADE = f"{bash('touch made')} @then @text done"


@pytest.fixture
def allowing(own: Path) -> None:
    """The user's hooks allow whatever Claude Code asks about."""
    output = {"hookEventName": "PermissionRequest", "decision": {"behavior": "allow"}}
    told = json.dumps({"hookSpecificOutput": output})
    hook = {"type": "command", "command": f"echo '{told}'; touch {own}/answered"}
    hooks = {"PermissionRequest": [{"matcher": "*", "hooks": [hook]}]}
    (own / "settings.json").write_text(json.dumps({"hooks": hooks}))


@pytest.mark.usefixtures("allowing")
@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_a_hook_decides_nothing(chat: Chat, home: Home, own: Path, decision: str) -> None:
    turn = await chat.send(MADE)
    [card] = await chat.asked()
    # Whoever asked the hook would have asked it by now.
    await chat.call("rule/list")
    assert os.listdir(home.work) == []
    await chat.decide(card, decision)
    assert (await chat.ended(turn))["reason"] == "done"
    assert os.listdir(home.work) == (["made"] if decision == "allow" else [])
    assert decision == "allow" or not (own / "answered").exists()


@pytest.mark.usefixtures("allowing")
async def test_a_hook_allows_nothing_in_a_readonly_chat(chat: Chat, home: Home, own: Path) -> None:
    await chat.call("chat/configure", level="readonly")
    assert (await chat.turn(MADE))["reason"] == "done"
    assert os.listdir(home.work) == []
    assert not (own / "answered").exists()
