"""Codex under the engine: the real program, its files in a temporary place, a scripted model."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.daemon.calls import bash, tool
from tests.daemon.client import Refused
from tests.daemon.world import Chat, Home, gone
from tests.e2e.conftest import SOON, Connect, watched
from tests.e2e.stage import Stage, made_stage
from tests.fakes.responses_model import ResponsesModel, add_blind_model, write_codex_config
from tests.support import pictures
from tests.support.agents import program
from tests.support.daemon import RunningDaemon
from tests.support.lifeline import Lifeline

PATCH = "*** Begin Patch\n*** Update File: a.txt\n@@\n one\n-two\n+2\n*** End Patch"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One daemon for all."""
    root = tmp_path_factory.mktemp("stage")
    env = {"CLAUDETTE_CODEX": str(program("codex")), "CODEX_HOME": str(root / "codex")}
    with made_stage(root, **env) as made:
        yield made


@pytest.fixture
def codex(stage: Stage, home: Home) -> Path:
    """Codex's own directory."""
    (home.root / "codex").mkdir()
    return stage.place("codex")


@pytest.fixture
def model(codex: Path) -> Iterator[ResponsesModel]:
    with ResponsesModel() as server:
        write_codex_config(codex, server)
        yield server


@pytest.fixture
def daemon(stage: Stage, model: ResponsesModel) -> RunningDaemon:
    return stage.running()


async def begun(connected: Connect, home: Home) -> Chat:
    """A chat with a model for which Codex has its tool for patches."""
    client = await connected()
    made = await client.call("chat/create", cwd=str(home.work), harness="codex", model="gpt-5.5")
    return await watched(client, made["chat"])


@pytest.fixture
async def chat(connected: Connect, home: Home) -> Chat:
    return await begun(connected, home)


@pytest.fixture
def lifeline(home: Home) -> Iterator[Lifeline]:
    with Lifeline(home.root / "lifeline") as line:
        yield line


async def adapter_of(chat: Chat) -> int:
    return int((await chat.snapshot())["sidecar"]["pid"])


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_a_task_with_a_denied_and_an_allowed_command_and_a_change(
    chat: Chat, home: Home, model: ResponsesModel
) -> None:
    (home.work / "a.txt").write_text("one\ntwo\n")
    turn = await chat.send(
        f"{bash('touch made')} @then {bash('echo hi > out; exit 3')} "
        f"@then {tool('write', patch=PATCH)} @then @text done"
    )
    [denied] = await chat.asked()
    assert (denied["request"]["tool"], denied["request"]["command"]) == ("bash", "touch made")
    await chat.decide(denied, "deny", reason="Use the makefile instead.")
    [allowed] = await chat.asked()
    assert allowed["request"]["cwd"] == str(home.work)
    await chat.decide(allowed, "allow")
    [change] = await chat.asked()
    request = change["request"]
    assert (request["access"], request["paths"]) == ("edit", [str(home.work / "a.txt")])
    assert "@@ -1,2 +1,2 @@\n one\n-two\n+2\n" in request["diff"]
    await chat.decide(change, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert (home.work / "a.txt").read_text() == "one\n2\n"
    assert (home.work / "out").read_text() == "hi\n"
    assert not (home.work / "made").exists()
    assert "Use the makefile instead." in json.dumps(model.requests[1].messages)
    calls = await chat.items("tool")
    assert [call["status"] for call in calls] == ["failed", "failed", "done"]
    assert calls[1]["tool"]["exitCode"] == 3
    assert "+2" in calls[2]["tool"]["diff"]


async def test_what_the_users_own_rules_allow_asks_all_the_same(
    chat: Chat, home: Home, codex: Path
) -> None:
    (codex / "rules").mkdir()
    (codex / "rules/default.rules").write_text('prefix_rule(pattern=["touch"], decision="allow")')
    turn = await chat.send(f"{bash('touch made')} @then @text done")
    [asked] = await chat.asked()
    await chat.decide(asked, "deny")
    await chat.ended(turn)
    assert not (home.work / "made").exists()


async def test_readonly_refuses_and_the_model_is_told(
    chat: Chat, home: Home, model: ResponsesModel
) -> None:
    await chat.call("chat/configure", level="readonly")
    await chat.turn(f"{bash('touch made')} @then @text done")
    assert not (home.work / "made").exists()
    assert "readonly" in json.dumps(model.requests[-1].messages)


async def test_full_runs_without_a_question(chat: Chat, home: Home) -> None:
    await chat.call("chat/configure", level="full")
    await chat.turn(f"{bash('touch made')} @then @text done")
    assert (home.work / "made").exists()


async def test_a_daemon_that_is_killed_in_mid_command_goes_on(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home, lifeline: Lifeline
) -> None:
    turn = await chat.send(
        f"{bash(f'{lifeline.hold}; read x < door; echo $x > out')} @then @text done"
    )
    os.mkfifo(home.work / "door")
    [asked] = await chat.asked()
    await chat.decide(asked, "allow")
    await trio.to_thread.run_sync(lifeline.wait_held)
    await trio.to_thread.run_sync(daemon.kill9)
    await trio.to_thread.run_sync(daemon.start)
    again = await watched(await connected(), chat.made)
    (home.work / "door").write_text("through\n")
    assert (await again.ended(turn))["reason"] == "done"
    assert (home.work / "out").read_text() == "through\n"
    assert await again.texts() == ["done"]


async def test_a_stop_leaves_nothing_running(chat: Chat, lifeline: Lifeline) -> None:
    turn = await chat.send(bash(f"{lifeline.hold}; (setsid sleep 1000 &) ; sleep 1000"))
    [asked] = await chat.asked()
    await chat.decide(asked, "allow")
    await trio.to_thread.run_sync(lifeline.wait_held)
    assert lifeline.held()
    with trio.fail_after(SOON):
        assert (await chat.call("turn/stop"))["stopped"] is True
    assert not lifeline.held()
    assert (await chat.ended(turn))["reason"] == "stopped"
    assert len(children_of(await adapter_of(chat))) == 1, "Codex itself goes on."


async def test_a_killed_codex_is_lost_and_gone_on_with(chat: Chat) -> None:
    await chat.turn("Remember the number 7.")
    adapter = await adapter_of(chat)
    turn = await chat.send(f"{bash('touch made')} @then @text never")
    await chat.asked()
    [vendor] = children_of(adapter)
    os.kill(vendor, signal.SIGKILL)
    assert (await chat.ended(turn))["reason"] == "lost"
    await gone(adapter)
    await chat.turn("@echo-history")
    assert "Remember the number 7." in (await chat.texts())[-1]


@pytest.mark.parametrize(
    ("config", "advice"),
    [
        ('approval_policy = "untrusted"', "remove the line `approval_policy"),
        ("check_for_update_on_startup = false", "claudette provider login codex"),
        ("[model_providers", "config.toml:1:17: unclosed table"),
    ],
)
async def test_what_keeps_codex_from_a_session_is_explained(
    connected: Connect, home: Home, codex: Path, config: str, advice: str
) -> None:
    (codex / "config.toml").write_text(config)
    with pytest.raises(Refused) as refused:
        await begun(connected, home)
    assert refused.value.name == "HarnessFailed"
    assert advice in refused.value.message


async def test_what_codex_keeps_of_a_chat_is_told_and_goes_when_asked_for(
    chat: Chat, home: Home
) -> None:
    codex = home.root / "codex"
    await chat.turn("@text hello")
    told = json.dumps(await chat.call("chat/traces"))
    assert f"{codex}/sessions/" in told and ".jsonl" in told
    assert await chat.call("chat/erase") == {}
    assert not list((codex / "sessions").rglob("*.jsonl"))


def with_server(codex: Path, script: Path) -> None:
    config = codex / "config.toml"
    told = json.dumps([os.fspath(script)])
    config.write_text(
        f'{config.read_text()}\n[mcp_servers.srv]\ncommand = "python3"\nargs = {told}\n'
    )


async def test_tools_and_questions_of_a_server_of_the_users(
    connected: Connect, codex: Path, home: Home
) -> None:
    with_server(codex, Path(__file__).parents[1] / "fakes/mcp_server.py")
    chat = await begun(connected, home)
    turn = await chat.send(f"{tool('mcp__srv/poke', a='b')} @then @text done")
    [asked] = await chat.asked()
    request: dict[str, Any] = asked["request"]
    assert (request["tool"], json.loads(request["input"])) == ("mcp__srv__poke", {"a": "b"})
    await chat.decide(asked, "allow")
    question = (await chat.event("question/opened"))["question"]
    assert question["title"] == "srv asks: How many?"
    await chat.client.call("question/answer", questionId=question["id"], value="7")
    assert (await chat.ended(turn))["reason"] == "done"
    [call] = await chat.items("tool")
    assert call["text"] == "poked 7 times"


async def test_nothing_is_searched_in_the_web_that_would_have_to_be_asked_about(
    chat: Chat, model: ResponsesModel
) -> None:
    async def searches() -> bool:
        assert (await chat.turn("@text ok"))["reason"] == "done"
        return "web_search" in model.requests[-1].tools

    assert not await searches()
    rule = await chat.call("rule/add", text="allow websearch", scope="chat")
    assert await searches()
    await chat.client.call("rule/remove", ruleId=rule["rule"]["id"])
    assert not await searches()
    await chat.call("chat/configure", level="full")
    assert await searches()
    await chat.call("rule/add", text="deny websearch", scope="chat")
    assert not await searches()


async def test_an_image_for_a_blind_model_is_refused_and_for_another_one_is_not(
    connected: Connect, codex: Path, home: Home, model: ResponsesModel
) -> None:
    add_blind_model(codex, program("codex"))
    chat = await begun(connected, home)
    await chat.call("chat/configure", model="blind")
    shot = [pictures.sent(pictures.PNG)]
    turn = await chat.turn("@seen", images=shot)
    assert (turn["reason"], "blind takes no images" in turn["error"]) == ("failed", True)
    refused = await chat.refused("turn/send", text="@seen", images=shot)
    assert (refused.name, refused.data["capability"]) == ("NotSupported", "images")
    assert not model.requests
    await chat.call("chat/configure", model="gpt-5.5")
    assert (await chat.turn("@seen", images=shot))["reason"] == "done"
    assert "image/png" in (await chat.texts())[-1]
