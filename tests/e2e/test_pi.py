"""A real Pi under a real daemon: asks, acts, and survives the end of its daemon."""

import json
import os
import signal
from collections.abc import Callable

import pytest
import trio

from tests.daemon.world import Chat, Home
from tests.e2e.conftest import Connect, watched
from tests.fakes.model_server import ModelServer
from tests.support.daemon import RunningDaemon
from tests.support.lifeline import Lifeline

pytestmark = pytest.mark.usefixtures("stage")


def command(line: str) -> str:
    return f"@tool bash {json.dumps({'command': line})}"


async def aside(work: Callable[..., object], *arguments: object) -> None:
    """Waits for the model in a thread, so that clients go on meanwhile."""
    await trio.to_thread.run_sync(work, *arguments)


async def test_a_prompt_is_answered(chat: Chat) -> None:
    turn = await chat.turn("@think hm @text hello there @usage 120 7")
    assert turn["reason"] == "done"
    assert (turn["usage"]["input"], turn["usage"]["output"]) == (120, 7)
    assert await chat.texts() == ["hello there"]
    assert await chat.texts("reasoning") == ["hm"]


async def test_a_command_runs_when_it_was_allowed(chat: Chat, home: Home) -> None:
    turn = await chat.send(f"{command('echo hi > made; echo out')} @then @text done")
    (asked,) = await chat.asked()
    assert asked["request"]["command"] == "echo hi > made; echo out"
    assert not (home.work / "made").exists()
    await chat.decide(asked, "allow")
    assert (await chat.ended(turn))["reason"] == "done"
    assert (home.work / "made").read_text() == "hi\n"
    (tool,) = await chat.items("tool")
    assert (tool["text"], tool["tool"]["exitCode"]) == ("out\n", 0)


async def test_the_reason_of_a_denial_reaches_the_model(chat: Chat, model: ModelServer) -> None:
    turn = await chat.send(f"{command('touch made')} @then @echo-history")
    (asked,) = await chat.asked()
    await chat.decide(asked, "deny", reason="Use the makefile.")
    await chat.ended(turn)
    assert "Use the makefile." in (await chat.texts())[-1]


async def test_a_stop_ends_the_command_and_says_stopped(chat: Chat, home: Home) -> None:
    with Lifeline(home.root / "lifeline") as lifeline:
        turn = await chat.send(command(f"{lifeline.hold}; echo here; sleep 1000 & sleep 1000"))
        (asked,) = await chat.asked()
        await chat.decide(asked, "allow")
        await chat.client.until(lambda: chat.client.deltas(chat.id))
        await chat.call("turn/stop")
        assert (await chat.ended(turn))["reason"] == "stopped"
        await aside(lifeline.wait_cut)


async def test_a_turn_outlives_its_daemon(
    chat: Chat, daemon: RunningDaemon, connected: Connect, model: ModelServer
) -> None:
    turn = await chat.send("@text before @hold door @text after")
    await aside(model.wait_held, "door")
    daemon.kill9()
    model.release("door")
    await aside(model.wait, lambda asked: asked[0].outcome == "answered")
    daemon.start()
    again = await watched(await connected(), chat.made)
    assert (await again.ended(turn))["reason"] == "done"
    assert await again.texts() == ["beforeafter"]
    assert len(model.requests) == 1


async def test_a_permission_outlives_its_daemon(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    turn = await chat.send(f"{command('echo hi > made')} @then @text done")
    (asked,) = await chat.asked()
    daemon.kill9()
    daemon.start()
    again = await watched(await connected(), chat.made)
    (still,) = (await again.call("permission/list"))["permissions"]
    assert still == asked
    await again.decide(asked, "allow")
    assert (await again.ended(turn))["reason"] == "done"
    assert (home.work / "made").read_text() == "hi\n"


async def test_the_agent_remembers_after_everything_was_ended_and_started(
    chat: Chat, daemon: RunningDaemon, connected: Connect
) -> None:
    await chat.turn("Remember the number 7.")
    await chat.client.call("daemon/shutdown", agents=True)
    assert daemon.wait() == 0
    daemon.start()
    again = await watched(await connected(), chat.made)
    await again.turn("@echo-history")
    assert "Remember the number 7." in (await again.texts())[-1]


async def test_an_unknown_model_is_told_with_the_nearest(connected: Connect, home: Home) -> None:
    client = await connected()
    refused = await client.refused("chat/create", cwd=str(home.work), model="fake/smal")
    assert refused.name == "ModelUnknown"
    assert refused.data["nearest"][0] == "fake/small"


async def test_a_pi_that_dies_leaves_no_command_and_the_next_one_remembers(
    chat: Chat, home: Home
) -> None:
    await chat.turn("Remember the number 7.")
    with Lifeline(home.root / "lifeline") as lifeline:
        turn = await chat.send(command(f"{lifeline.hold}; echo here; sleep 1000 & sleep 1000"))
        (asked,) = await chat.asked()
        await chat.decide(asked, "allow")
        await chat.said("here")
        snapshot = (await chat.call("event/subscribe"))["snapshot"]
        os.kill(snapshot["sidecar"]["pid"], signal.SIGKILL)
        assert (await chat.ended(turn))["reason"] == "lost"
        await aside(lifeline.wait_cut)
    await chat.turn("@echo-history")
    assert "Remember the number 7." in (await chat.texts())[-1]


async def test_a_command_goes_on_while_its_daemon_is_away(
    chat: Chat, daemon: RunningDaemon, connected: Connect, home: Home
) -> None:
    os.mkfifo(home.work / "door")
    turn = await chat.send(f"{command('echo one; read x < door; echo $x')} @then @text done")
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    await chat.said("one")
    daemon.kill9()
    await aside((home.work / "door").write_text, "two\n")
    daemon.start()
    again = await watched(await connected(), chat.made)
    assert (await again.ended(turn))["reason"] == "done"
    (tool,) = await again.items("tool")
    assert tool["text"] == "one\ntwo\n"
    assert await again.texts() == ["done"]


async def test_a_chat_whose_directory_was_renamed_goes_on_there(chat: Chat, home: Home) -> None:
    await chat.turn("@text the word is heron")
    now = home.work.rename(home.root / "renamed")
    refused = await chat.refused("turn/send", text="@text again")
    assert refused.name == "WorkspaceMissing"
    assert f"probably renamed to {now}." in refused.message
    assert refused.message.endswith(f"claudette move {chat.id} {now}")
    await chat.call("chat/configure", cwd=os.fspath(now))
    await chat.call("chat/configure", level="full")
    await chat.turn(f"{command('pwd')} @then @echo-history")
    (tool,) = await chat.items("tool")
    assert tool["text"].strip() == os.fspath(now)
    assert "heron" in (await chat.texts())[-1]
