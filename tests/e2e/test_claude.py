"""The real Claude Code behind a real daemon: killed in mid-command, stopped, resumed."""

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
