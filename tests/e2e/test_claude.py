"""The real Claude Code behind a real daemon: killed in mid-command, stopped, resumed; and no files
of the user's have it run what no card has shown."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from claudetted.harnesses.claude.invocation import PROGRAM
from tests.daemon.calls import bash
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import SOON, Connect, watched
from tests.e2e.test_codex import adapter_of, children_of
from tests.fakes import claude_code
from tests.fakes.messages_model import MessagesModel
from tests.support import agents
from tests.support.daemon import RunningDaemon
from tests.support.lifeline import Lifeline

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
async def chat(connected: Connect, home: Home, served: MessagesModel) -> Chat:
    client = await connected()
    env = claude_code.environment(agents.program("claude"), served.base_url)
    made = await client.call("chat/create", cwd=str(home.work), harness="claude", env=env)
    return await watched(client, made["chat"])


@pytest.fixture
def lifeline(tmp_path: Path) -> Iterator[Lifeline]:
    with Lifeline(tmp_path / "lifeline") as line:
        yield line


async def begin(chat: Chat, command: str, lifeline: Lifeline) -> str:
    """A denied call, then a command that runs."""
    turn = await chat.send(f"{bash('touch denied')} {bash(command)} @then @text done")
    [first] = await chat.asked()
    await chat.decide(first, "deny", reason="Not this.")
    await chat.client.until(lambda: len(chat.events("permission/opened")) == 2 or None)
    second = chat.events("permission/opened")[1]["permission"]
    await chat.decide(second, "allow")
    await trio.to_thread.run_sync(lifeline.wait_held)
    return turn


async def test_a_command_outlives_the_daemon_and_a_stop_ends_it(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home, lifeline: Lifeline
) -> None:
    door = home.work / "door"
    os.mkfifo(door)
    turn = await begin(chat, f"{lifeline.hold}; read x < door; echo got $x", lifeline)
    await trio.to_thread.run_sync(daemon.kill9)
    await trio.to_thread.run_sync(daemon.start)
    again = await watched(await connected(), chat.made)
    await trio.Path(door).write_text("it\n")
    assert (await again.ended(turn))["reason"] == "done"
    denied, ran = await again.items("tool")
    assert (denied["status"], ran["status"], ran["text"]) == ("failed", "done", "got it")
    assert not await trio.Path(home.work / "denied").exists()

    with Lifeline(home.root / "second") as second:
        stopped = await again.send(f"{bash(f'{second.hold}; (setsid sleep 1000 &); sleep 1000')}")
        [permission] = await again.asked()
        await again.decide(permission, "allow")
        await trio.to_thread.run_sync(second.wait_held)
        assert second.held()
        with trio.fail_after(SOON):
            await again.call("turn/stop")
        assert not second.held()
        assert (await again.ended(stopped))["reason"] == "stopped"

    # Its program is killed; the next message goes on with the same session.
    vendor, *_ = children_of(await adapter_of(again))
    os.kill(vendor, signal.SIGKILL)
    await again.event("sidecar/lost")
    assert (await again.turn("@echo-history"))["reason"] == "done"
    assert "got it" in (await again.texts())[-1]


# What the user's own files have it run, which no card has shown


@pytest.fixture
def own(home: Home) -> Path:
    """The user's directory of Claude Code, with a skill whose text has a command in it."""
    place = home.root / "home/.claude"
    (place / "skills/rig").mkdir(parents=True)
    (place / "skills/rig/SKILL.md").write_text(SKILL)
    return place


@pytest.mark.usefixtures("own")
async def test_the_card_of_a_skill_lets_none_of_its_commands_run(
    chat: Chat, home: Home, served: MessagesModel
) -> None:
    turn = await chat.send('@tool Skill {"skill": "rig"} @then @text done')
    [card] = await chat.asked()
    await chat.decide(card, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert any("Rig it" in str(request.messages) for request in served.requests)
    assert "made" not in os.listdir(home.work)


@pytest.mark.usefixtures("own")
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
