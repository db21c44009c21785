"""Compactions of the pinned Pi: asked for, by themselves, and in the middle of things."""

import os
import signal

import pytest
import trio

from claudette_cli import exits
from tests.daemon.calls import bash
from tests.daemon.client import Json
from tests.daemon.test_compactions import statuses
from tests.daemon.world import Chat, Home
from tests.e2e.conftest import Connect, watched
from tests.e2e.test_bugs import aside, everything
from tests.fakes.model_server import ModelServer
from tests.support.commands import Commands
from tests.support.daemon import RunningDaemon

on_stage = pytest.mark.usefixtures("stage")
LONG = f"@text {'many words ' * 400}"


QUICK_OR_SLOW: tuple[list[str], ...] = (
    [],
    ["compacting", "idle"],
    ["compacting", "running", "idle"],
)
"""What is read in one go changes the status once, and not at all where nothing is left of it."""


def seen(chat: Chat) -> list[str]:
    """The statuses from the only compaction on."""
    told = [kind for kind in chat.kinds() if kind.startswith("compaction/")]
    assert told == ["compaction/started", "compaction/ended"]
    names = statuses(chat)
    assert names[-1] == "idle"
    return names[names.index("compacting") :] if "compacting" in names else []


async def ended(chat: Chat) -> Json:
    return await chat.event("compaction/ended")


@on_stage
async def test_one_by_itself_at_the_end_of_a_turn(chat: Chat, model: ModelServer) -> None:
    """The window is 40k, and Pi is told to keep 4k of it free."""
    for _ in range(3):
        await chat.turn(LONG)
    turn = await chat.turn("@usage 37000 10 @text almost full")
    assert turn["reason"] == "done"
    (boundary,) = await chat.items("compaction")
    told = boundary["compaction"]
    assert (told["trigger"], boundary["turnId"]) == ("threshold", turn["id"])
    assert told["before"] > 37_000 > told["after"]
    assert turn["usage"]["input"] > 37_000  # with what the summary took
    assert seen(chat) in QUICK_OR_SLOW
    # Nobody knows better until the next answer.
    assert (await chat.get())["context"] == {"used": told["after"], "window": 40_000}
    await chat.turn("@usage 2000 10 @text on")
    assert 2000 <= (await chat.get())["context"]["used"] < 3000
    assert len(chat.events("turn/ended")) == 5


@on_stage
async def test_one_by_itself_because_the_context_is_full(chat: Chat) -> None:
    for _ in range(3):
        await chat.turn(LONG)
    turn_id = await chat.send("@overflow @text it fits now @usage 1500 10")
    turn = await chat.ended(turn_id)
    assert (turn["reason"], (await chat.texts())[-1]) == ("done", "it fits now")
    (boundary,) = await chat.items("compaction")
    assert boundary["compaction"]["trigger"] == "overflow"
    assert seen(chat) in QUICK_OR_SLOW
    assert (await chat.get())["context"]["used"] == 1510


@on_stage
async def test_one_that_is_asked_for_counts_what_its_summary_took(
    chat: Chat, model: ModelServer
) -> None:
    for _ in range(3):
        await chat.turn(LONG)
    before = (await chat.get())["totals"]["input"]
    await chat.call("chat/compact", instructions="@usage 777 5 @text short and sweet")
    boundary = (await ended(chat))["compaction"]
    assert (boundary["trigger"], boundary["usage"]["input"] >= 777) == ("manual", True)
    assert boundary["after"] < boundary["before"]
    await chat.status("idle")
    after = await chat.get()
    assert after["context"]["used"] == boundary["after"]
    assert after["totals"]["input"] == before + boundary["usage"]["input"]
    assert (await chat.call("usage/get"))["total"]["usage"] == after["totals"]
    await chat.turn("@text on")
    assert "short and sweet" in everything(model)


@on_stage
async def test_one_whose_summary_fails_changes_nothing(chat: Chat, model: ModelServer) -> None:
    for number in range(3):
        await chat.turn(f"@text {f'fact {number} ' * 60}")
    before = (await chat.get())["context"]
    await chat.call("chat/compact", instructions="@error 400 no summaries today")
    told = await ended(chat)
    assert told["ok"] is False
    assert "no summaries today" in told["error"]
    await chat.status("idle")
    ((kind, text),) = await chat.notices()
    assert (kind, text.startswith("Compaction did not complete: ")) == ("error", True)
    assert (await chat.get())["context"] == before
    await chat.turn("@text on")
    assert "fact 0 fact 0" in everything(model)


@on_stage
async def test_one_goes_on_while_the_daemon_is_replaced(
    chat: Chat, model: ModelServer, daemon: RunningDaemon, connected: Connect
) -> None:
    for _ in range(3):
        await chat.turn(LONG)
    await chat.call("chat/compact", instructions="@hold door @text short")
    await aside(model.wait_held, "door")
    await trio.to_thread.run_sync(daemon.kill9)
    await trio.to_thread.run_sync(daemon.start)
    chat = await watched(await connected(), chat.made)
    assert (await chat.get())["status"]["name"] == "compacting"
    queued = await chat.send("@text after it")
    model.release("door")
    assert (await chat.ended(queued))["reason"] == "done"
    kinds = [item["kind"] for item in await chat.items()]
    assert kinds[-3:] == ["compaction", "user", "message"]
    assert len(await chat.items("compaction")) == 1


@on_stage
async def test_one_whose_agent_is_killed_loses_nothing(chat: Chat, model: ModelServer) -> None:
    for number in range(3):
        await chat.turn(f"@text {f'fact {number} ' * 60}")
    before = await chat.get()
    await chat.call("chat/compact", instructions="@hold door")
    await aside(model.wait_held, "door")
    told = (await chat.client.call("process/list"))["processes"]
    (pid,) = [process["pid"] for process in told if process["kind"] == "sidecar"]
    os.kill(pid, signal.SIGKILL)
    assert (await ended(chat))["ok"] is False
    await chat.status("failed")
    assert (await chat.get())["context"] == before["context"]
    assert (await chat.turn("@text on"))["reason"] == "done"
    assert "fact 0 fact 0" in everything(model)
    assert await chat.items("compaction") == []


def test_a_person_sees_that_it_waits_for_the_turn(home: Home) -> None:
    """With the scripted agent."""
    with Commands(home.work) as commands:
        chat = commands.new()
        commands.run("send", chat, "-", "--wait", typed=LONG)
        commands.run("send", chat, "-", "--no-wait", typed=f"{bash('touch x')} @then @hold door")
        commands.run("wait", chat, code=exits.ASKED)
        asked = commands.run("compact", chat, code=exits.ASKED).err
        assert f"claudette inbox {chat}" in asked
        commands.run("approve", chat)
        with commands.terminal("compact", chat) as terminal:
            terminal.expect("Waiting for the end of the turn…")
            home.gates.release("door")
            code, told = terminal.ended()
    assert (code, "── compacted (asked for): " in told) == (exits.DONE, True)


@on_stage
def test_a_person_sees_how_it_goes(commands: Commands, model: ModelServer) -> None:
    chat = commands.new()
    nothing = commands.run("compact", chat, code=exits.FAILED).err
    assert "no conversation to compact yet" in nothing
    commands.run("send", chat, "-", "--wait", typed="@text hi")
    small = commands.run("compact", chat, code=exits.FAILED)
    assert "Compaction did not complete: Nothing to compact" in small.err
    for _ in range(3):
        commands.run("send", chat, "-", "--wait", typed=LONG)
    done = commands.run("compact", chat, "@text the names")
    assert "Compacting context…" in done.err
    assert done.out.startswith("── compacted (asked for): ")
    assert " → " in done.out
    again = commands.run("compact", chat, "--json", code=exits.FAILED)
    assert again.json["ok"] is False
    assert "Already compacted" in again.err
