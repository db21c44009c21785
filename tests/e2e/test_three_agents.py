"""Claude Code, Codex and an agent behind ACP side by side: one inbox, and the same promises."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import trio

from claudetted.harnesses.claude.invocation import PROGRAM
from tests.daemon.calls import bash, tool
from tests.daemon.client import Client
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import SOON, Connect, watched
from tests.e2e.test_codex import adapter_of, children_of
from tests.fakes import claude_code, opencode
from tests.fakes.model_server import ModelServer
from tests.fakes.responses_model import ResponsesModel, write_codex_config
from tests.support.agents import program
from tests.support.daemon import RunningDaemon
from tests.support.lifeline import Lifeline

pytestmark = pytest.mark.slow

AGENTS = ("claude", "codex", "opencode")
Envs = dict[str, dict[str, str]]


@pytest.fixture
def envs(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Envs]:
    """What each agent's chat needs, with a model of its own."""
    monkeypatch.setenv("CLAUDETTE_CODEX", os.fspath(program("codex")))
    monkeypatch.setenv("CODEX_HOME", os.fspath(home.root / "codex"))
    monkeypatch.setenv(PROGRAM, os.fspath(program("claude")))
    program("opencode")
    with ExitStack() as stack:
        write_codex_config(home.root / "codex", stack.enter_context(ResponsesModel()))
        model = stack.enter_context(claude_code.model())
        opencode.write_config(home.root / "opencode", stack.enter_context(ModelServer()))
        yield {
            "claude": claude_code.environment(program("claude"), model.base_url),
            "codex": {},
            "opencode": opencode.environment(home.root / "opencode"),
        }


@pytest.fixture
def daemon(home: Home, envs: Envs) -> Iterator[RunningDaemon]:
    with RunningDaemon(home.root / "daemon.txt") as running:
        yield running


@pytest.fixture
def lines(home: Home) -> Iterator[dict[str, Lifeline]]:
    with ExitStack() as stack:
        names = [f"{name}{number}" for name in AGENTS for number in "12"]
        yield {name: stack.enter_context(Lifeline(home.root / f"l-{name}")) for name in names}


async def begun(client: Client, home: Home, name: str, env: dict[str, str]) -> Chat:
    place = home.root / f"work-{name}"
    place.mkdir()
    os.mkfifo(place / "door")
    made = await client.call("chat/create", cwd=os.fspath(place), harness=name, env=env)
    return await watched(client, made["chat"])


def called(name: str, command: str) -> str:
    """opencode wants to be told why."""
    return bash(command) if name != "opencode" else tool("bash", command=command, description="x")


async def test_three_agents_keep_the_same_promises(
    home: Home,
    envs: Envs,
    daemon: RunningDaemon,
    connected: Connect,
    lines: dict[str, Lifeline],
) -> None:
    client = await connected()
    command = [os.fspath(program("opencode")), "acp"]
    await client.call("harness/add", name="opencode", command=command)
    chats = {name: await begun(client, home, name, envs[name]) for name in AGENTS}
    for name, chat in chats.items():
        await chat.send(f"{called(name, 'touch denied')} @then @text told")
    for chat in chats.values():
        await chat.asked()
    inbox = (await client.call("permission/list"))["permissions"]
    assert {asked["chatId"] for asked in inbox} == {chat.id for chat in chats.values()}
    turns = {}
    for name, chat in chats.items():
        [denied] = await chat.asked()
        await chat.decide(denied, "deny", reason="Not this.")
        await chat.ended(denied["turnId"])
        goes_on = f"{lines[f'{name}1'].hold}; read x < door; echo got $x"
        turns[name] = await chat.send(f"{called(name, goes_on)} @then @text done")
        [allowed] = await chat.asked()
        await chat.decide(allowed, "allow")
        await trio.to_thread.run_sync(lines[f"{name}1"].wait_held)
        assert lines[f"{name}1"].held()

    await trio.to_thread.run_sync(daemon.kill9)
    await trio.to_thread.run_sync(daemon.start)
    client = await connected()
    chats = {name: await watched(client, chat.made) for name, chat in chats.items()}
    for name, chat in chats.items():
        await trio.Path(home.root / f"work-{name}/door").write_text("it\n")
        assert (await chat.ended(turns[name]))["reason"] == "done"
        refused, ran = await chat.items("tool")
        assert (refused["status"], ran["status"], ran["text"].strip()) == (
            "failed",
            "done",
            "got it",
        )
        assert not (home.root / f"work-{name}/denied").exists()

    for name, chat in chats.items():
        line = lines[f"{name}2"]
        stays = f"{line.hold}; (setsid sleep 7204 &); sleep 7204"
        turn = await chat.send(f"{called(name, stays)} @then @text never")
        [asked] = await chat.asked()
        await chat.decide(asked, "allow")
        await trio.to_thread.run_sync(line.wait_held)
        assert line.held()
        with trio.fail_after(SOON):
            await chat.call("turn/stop")
        assert not line.held()
        assert (await chat.ended(turn))["reason"] == "stopped"

    for name, chat in chats.items():
        vendor, *_ = children_of(await adapter_of(chat))
        os.kill(vendor, signal.SIGKILL)
        await chat.event("sidecar/lost")
        assert (await chat.turn("@echo-history"))["reason"] == "done"
        assert "got it" in (await chat.texts())[-1], name
